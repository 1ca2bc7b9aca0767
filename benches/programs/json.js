// Text to data and back: writes n records as JSON, parses the text, and writes the result.
class Parser {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  byte() {
    return this.text.charCodeAt(this.at);
  }

  fail(expected) {
    throw new Error(`expected ${expected} at ${this.at}`);
  }

  value() {
    const byte = this.byte();
    if (byte === 123) return this.object();
    if (byte === 91) return this.array();
    if (byte === 34) return this.string();
    return this.number();
  }

  object() {
    const result = new Map();
    this.at += 1;
    while (this.byte() !== 125) {
      const key = this.string();
      if (this.byte() !== 58) this.fail("a colon");
      this.at += 1;
      result.set(key, this.value());
      if (this.byte() === 44) this.at += 1;
    }
    this.at += 1;
    return result;
  }

  array() {
    const result = [];
    this.at += 1;
    while (this.byte() !== 93) {
      result.push(this.value());
      if (this.byte() === 44) this.at += 1;
    }
    this.at += 1;
    return result;
  }

  string() {
    if (this.byte() !== 34) this.fail("a string");
    this.at += 1;
    const start = this.at;
    while (this.byte() !== 34) this.at += 1;
    const end = this.at;
    this.at += 1;
    return this.text.substring(start, end);
  }

  number() {
    const negative = this.byte() === 45;
    if (negative) this.at += 1;
    const start = this.at;
    let number = 0;
    let digit = this.byte() - 48;
    while (0 <= digit && digit <= 9) {
      number = number * 10 + digit;
      this.at += 1;
      digit = this.byte() - 48;
    }
    if (this.at === start) this.fail("a value");
    return negative ? 0 - number : number;
  }
}

function quoted(text) {
  return '"' + text + '"';
}

function writeSize(size) {
  return '{"w":' + String(size.get("w")) + ',"h":' + String(size.get("h")) + "}";
}

function writeRecord(record) {
  return '{"id":' + String(record.get("id"))
    + ',"name":' + quoted(record.get("name"))
    + ',"tags":[' + record.get("tags").map(quoted).join(",")
    + '],"size":' + writeSize(record.get("size")) + "}";
}

function write(records) {
  return "[" + records.map(writeRecord).join(",") + "]";
}

function makeRecord(i) {
  const tags = [];
  for (let k = 0; k < i % 4; k++) tags.push(`tag${tags.length}`);
  return new Map([
    ["id", i],
    ["name", `item ${i}`],
    ["tags", tags],
    ["size", new Map([["w", i * 3], ["h", 500 - i]])],
  ]);
}

function run(count) {
  const records = [];
  for (let i = 0; i < count; i++) records.push(makeRecord(i));
  const text = write(records);
  const parsed = new Parser(text).value();
  if (write(parsed) !== text) {
    throw new Error("what was written differs from what was read");
  }
  let sum = 0;
  for (const record of parsed) {
    const size = record.get("size");
    sum += size.get("w") + size.get("h") + record.get("tags").length;
  }
  return `${text.length} ${sum}`;
}

console.log(run(Number(process.argv[2])));
