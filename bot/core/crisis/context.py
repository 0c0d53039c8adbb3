"""What stood around a message: its author's earlier ones, and others' alarm."""

from dataclasses import dataclass

from bot.core.crisis.index import Index
from bot.core.crisis.pattern import compile_pattern
from bot.core.crisis.tokens import tokenise

MAX_EARLIER = 5
"""Earlier messages that are heard together with the new one."""

MAX_EARLIER_CHARACTERS = 500
"""Characters of an earlier message that are heard again, from its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What stood around the message. Whoever fills it keeps to a short window, a minute or two.

    - `earlier`: what the same author wrote just before in the same place, oldest first: people write one sentence
      in several messages. The last `MAX_EARLIER` are heard.
    - `around`: what others wrote there just before. Their alarm ("are you ok??", "somebody call 911") makes a concern
      urgent; the last `MAX_EARLIER` are heard.
    """

    earlier: tuple[str, ...] = ()
    around: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """The author's own last messages as they are heard in front of the new one, each on a line of its own."""
        return "".join(f"{earlier[-MAX_EARLIER_CHARACTERS:]}\n" for earlier in self.earlier[-MAX_EARLIER:])

    @property
    def is_alarmed(self) -> bool:
        """Whether any of what others wrote is an alarm."""
        last = self.around[-MAX_EARLIER:]
        return any(_ALARMS.search(tokenise(text[-MAX_EARLIER_CHARACTERS:]))[0] for text in last)


_ALARMS = Index(
    [
        compile_pattern(source)
        for source in (
            "(are|r) (you|u) (ok|okay|alright|all right|safe|alive|still there|breathing)",
            "(you|u) (ok|okay|alright|safe) $",
            "(call|called|calling|phone|dial|ring) [an|the] (911|999|112|988|000|ambulance|police|cops)",
            "(call|called|calling|phone|dial|ring) [an|the] (emergency|crisis)",
            "(dont|do not) (do it|do this|do that|do anything|hurt yourself|kill yourself|go through with it)",
            "(stay|talk) (with|to) (me|us)",
            "where are (you|u) [right] now",
            "(is|are) (he|she|they) (ok|okay|breathing|alive|conscious)",
            "(wellness|welfare) check",
            "(estas|esta) bien",
            "(llama|llamen|llamad) [a] [la|una] (ambulancia|policia|112|911|emergencias)",
            "(ca va|tu vas bien)",
            "(appelle|appelez) [le|les|la|une] (15|112|samu|secours|pompiers|police|ambulance)",
            "(gehts|geht es) dir gut",
            "(ruf|ruft) [den|die|einen] (112|110|notarzt|krankenwagen|polizei|rettungsdienst)",
            "(voce|vc|tu) (esta|ta|estas) bem",
            "(liga|liguem|chama|chamem) [para|pro] [o|a|uma] (samu|192|190|112|ambulancia|policia)",
            "(ты|вы) (в порядке|жив|жива|живы|там)",
            "(вызови|вызовите|вызывай|вызывайте) [ему|ей] (скорую|полицию|112|103)",
            "не делай (этого|глупостей)",
            "(انت|انتي|أنت) (بخير|كويس|كويسة|منيح|منيحة|تمام)",
            "(اتصل|اتصلوا|كلموا|اطلبوا) [على] (الاسعاف|بالاسعاف|اسعاف|الشرطة|بالشرطة)",
            "(tum|tu|aap) (thik|theek|theak|thek) (ho|hai|hain)",
            "(तुम|तू|आप) ठीक (हो|है|हैं)",
            "(ambulance|police) (bulao|bula lo|ko call karo)",
            "(एम्बुलेंस|पुलिस) (बुलाओ|बुलाइए)",
            "(你还好吗|你還好嗎|你没事吧|你沒事吧|别做傻事|別做傻事|快打120|打120|叫救护车|叫救護車|快报警|快報警)",
            "(大丈夫ですか|大丈夫なの|生きてる|救急車呼|救急車を呼|警察呼|死なないで|早まらないで)",
        )
    ]
)
