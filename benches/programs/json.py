# Text to data and back: writes n records as JSON, parses the text, and writes the result.
import sys


class Parser:
    def __init__(self, text):
        self.text = text
        self.at = 0

    def byte(self):
        return ord(self.text[self.at])

    def fail(self, expected):
        raise ValueError(f"expected {expected} at {self.at}")

    def value(self):
        byte = self.byte()
        if byte == 123:
            return self.object()
        if byte == 91:
            return self.array()
        if byte == 34:
            return self.string()
        return self.number()

    def object(self):
        result = {}
        self.at += 1
        while self.byte() != 125:
            key = self.string()
            if self.byte() != 58:
                self.fail("a colon")
            self.at += 1
            result[key] = self.value()
            if self.byte() == 44:
                self.at += 1
        self.at += 1
        return result

    def array(self):
        result = []
        self.at += 1
        while self.byte() != 93:
            result.append(self.value())
            if self.byte() == 44:
                self.at += 1
        self.at += 1
        return result

    def string(self):
        if self.byte() != 34:
            self.fail("a string")
        self.at += 1
        start = self.at
        while self.byte() != 34:
            self.at += 1
        end = self.at
        self.at += 1
        return self.text[start:end]

    def number(self):
        negative = self.byte() == 45
        if negative:
            self.at += 1
        start = self.at
        number = 0
        digit = self.byte() - 48
        while 0 <= digit <= 9:
            number = number * 10 + digit
            self.at += 1
            digit = self.byte() - 48
        if self.at == start:
            self.fail("a value")
        return 0 - number if negative else number


def quoted(text):
    return '"' + text + '"'


def write_size(size):
    return '{"w":' + str(size["w"]) + ',"h":' + str(size["h"]) + "}"


def write_record(record):
    return (
        '{"id":' + str(record["id"])
        + ',"name":' + quoted(record["name"])
        + ',"tags":[' + ",".join(map(quoted, record["tags"]))
        + '],"size":' + write_size(record["size"]) + "}"
    )


def write(records):
    return "[" + ",".join(map(write_record, records)) + "]"


def make_record(i):
    tags = []
    for _ in range(i % 4):
        tags.append(f"tag{len(tags)}")
    return {
        "id": i,
        "name": f"item {i}",
        "tags": tags,
        "size": {"w": i * 3, "h": 500 - i},
    }


def run(count):
    records = [make_record(i) for i in range(count)]
    text = write(records)
    parsed = Parser(text).value()
    if write(parsed) != text:
        raise ValueError("what was written differs from what was read")
    total = 0
    for record in parsed:
        size = record["size"]
        total += size["w"] + size["h"] + len(record["tags"])
    return f"{len(text)} {total}"


print(run(int(sys.argv[1])))
