"""How many segments Twilio bills for a text (GSM-7 or UCS-2)."""
BASIC = set("\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
            "¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ")
EXTENDED = set("\f^{}\\[~]|€")


def units_of(text):
    """A list of the characters' sizes, and the room of a single and of a joined segment."""
    if all(c in BASIC or c in EXTENDED for c in text):
        return [2 if c in EXTENDED else 1 for c in text], 160, 153
    return [2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67


def count(text):
    """At least 1; a character is never split between two segments."""
    sizes, single, joined = units_of(text)
    if sum(sizes) <= single:
        return 1
    segments, used = 1, 0
    for size in sizes:
        if used + size > joined:
            segments, used = segments + 1, 0
        used += size
    return segments
