# String building: n lines of numbers joined from pieces, then taken apart.
import sys


def line(i):
    pieces = []
    k = 0
    while k < 8:
        pieces.append(str(i * 31 + k * 7))
        k += 1
    return ",".join(pieces)


def digits(text):
    total = 0
    i = 0
    size = len(text)
    while i < size:
        byte = ord(text[i])
        if byte != 44:
            total += byte - 48
        i += 1
    return total


def run(lines):
    total = 0
    longest = ""
    i = 0
    while i < lines:
        text = line(i) + ";" + line(i + 1)
        for part in text.split(";"):
            total += digits(part)
        if len(text) > len(longest):
            longest = text
        i += 1
    return f"{total} {longest}"


print(run(int(sys.argv[1])))
