"""How people ask for a topic in other languages than English: phrases by topic, as data. Beside those in `topics`.

A phrase is found if all its words are said, in any order and in spite of a typo, so it holds the telling words only.
"""

SPANISH: dict[str, str] = {
    "suicide": "suicidio, suicidarme, matarme, quitarme la vida, quiero morir, no quiero vivir, morirme",
    "crisis": "emergencia, urgente, no puedo más, desesperado, desesperada, pánico",
    "self-harm": "autolesión, cortarme, hacerme daño, autolesiones",
    "emotional-support": "hablar con alguien, soledad, triste, que me escuchen",
    "mental-health": "salud mental, depresión, deprimido, deprimida, ansiedad, psicólogo, psicóloga, "
    "psiquiatra, terapia",
    "substance-use": "drogas, droga, adicción, adicto, adicta, heroína, fentanilo, cocaína, consumo, recaída, "
    "recuperación",
    "alcohol": "alcohol, alcohólico, alcohólica, beber, dejar de beber, alcohólicos anónimos",
    "gambling": "juego, ludopatía, apuestas, apostar, casino",
    "treatment": "tratamiento, rehabilitación, centro de rehabilitación, clínica de adicciones",
    "treatment-referral": "encontrar tratamiento, buscar tratamiento",
    "detox": "desintoxicación, desintoxicarme, abstinencia, síndrome de abstinencia",
    "medication": "metadona, buprenorfina, naltrexona, medicación para la adicción",
    "naloxone": "naloxona, narcan",
    "overdose-prevention": "sobredosis, prevenir sobredosis",
    "harm-reduction": "reducción de daños, jeringuillas, jeringas, agujas limpias, tiras reactivas",
    "housing": "vivienda, albergue, refugio, dónde dormir, un lugar donde dormir, sin hogar, en la calle, alquiler, "
    "desahucio, desalojo, me echaron de casa",
    "jobs": "trabajo, empleo, desempleo, en paro, currículum, formación laboral",
    "education": "educación, escuela, universidad, clases, estudiar, aprender a leer",
    "legal": "abogado, abogada, ayuda legal, juicio, libertad condicional, antecedentes penales, cárcel, "
    "inmigración, custodia",
    "health-care": "médico, médica, doctor, doctora, hospital, dentista, sin seguro, seguro médico, hepatitis, vih",
    "health-advice": "consejo médico, síntomas",
    "food": "comida, banco de alimentos, comedor social, hambre, alimentos, cupones de alimentos",
    "family": "familia, amigo, amiga, mi hijo, mi hija, mi marido, mi mujer, mi esposo, mi esposa, mi pareja, "
    "mi madre, "
    "mi padre, mi hermano, mi hermana, duelo",
    "youth": "jóvenes, adolescente, adolescentes, niño, niña, menor de edad, acoso escolar",
    "veterans": "veterano, veterana, militar, ejército",
    "lgbtq": "lgbt, gay, lesbiana, bisexual, transgénero, salir del armario",
    "indigenous": "indígena, pueblos originarios",
    "domestic-violence": "violencia doméstica, violencia de género, maltrato, me pega, me maltrata, "
    "orden de alejamiento",
    "victim-support": "víctima, violación, agresión sexual, abuso sexual, trata",
    "disaster": "desastre, inundación, terremoto, huracán, incendio",
    "faith-based": "iglesia, cristiano, cristiana, oración, grupo religioso, mezquita, sinagoga",
    "secular": "laico, laica, ateo, atea, sin religión",
}
