<?php
// Text to data and back: writes n records as JSON, parses the text, and writes the result.
class Parser
{
    private int $at = 0;

    public function __construct(private string $text) {}

    private function byte(): int
    {
        return ord($this->text[$this->at]);
    }

    private function fail(string $expected): never
    {
        throw new Exception("expected $expected at {$this->at}");
    }

    public function value(): mixed
    {
        return match ($this->byte()) {
            123 => $this->object(),
            91 => $this->array(),
            34 => $this->string(),
            default => $this->number(),
        };
    }

    private function object(): array
    {
        $result = [];
        $this->at += 1;
        while ($this->byte() !== 125) {
            $key = $this->string();
            if ($this->byte() !== 58) {
                $this->fail('a colon');
            }
            $this->at += 1;
            $result[$key] = $this->value();
            if ($this->byte() === 44) {
                $this->at += 1;
            }
        }
        $this->at += 1;
        return $result;
    }

    private function array(): array
    {
        $result = [];
        $this->at += 1;
        while ($this->byte() !== 93) {
            $result[] = $this->value();
            if ($this->byte() === 44) {
                $this->at += 1;
            }
        }
        $this->at += 1;
        return $result;
    }

    private function string(): string
    {
        if ($this->byte() !== 34) {
            $this->fail('a string');
        }
        $this->at += 1;
        $start = $this->at;
        while ($this->byte() !== 34) {
            $this->at += 1;
        }
        $end = $this->at;
        $this->at += 1;
        return substr($this->text, $start, $end - $start);
    }

    private function number(): int
    {
        $negative = $this->byte() === 45;
        if ($negative) {
            $this->at += 1;
        }
        $start = $this->at;
        $number = 0;
        $digit = $this->byte() - 48;
        while (0 <= $digit && $digit <= 9) {
            $number = $number * 10 + $digit;
            $this->at += 1;
            $digit = $this->byte() - 48;
        }
        if ($this->at === $start) {
            $this->fail('a value');
        }
        return $negative ? 0 - $number : $number;
    }
}

function quoted(string $text): string
{
    return '"' . $text . '"';
}

function write_size(array $size): string
{
    return '{"w":' . (string) $size['w'] . ',"h":' . (string) $size['h'] . '}';
}

function write_record(array $record): string
{
    return '{"id":' . (string) $record['id']
        . ',"name":' . quoted($record['name'])
        . ',"tags":[' . implode(',', array_map(quoted(...), $record['tags']))
        . '],"size":' . write_size($record['size']) . '}';
}

function write(array $records): string
{
    return '[' . implode(',', array_map(write_record(...), $records)) . ']';
}

function make_record(int $i): array
{
    $tags = [];
    for ($k = 0; $k < $i % 4; $k++) {
        $tags[] = 'tag' . count($tags);
    }
    return ['id' => $i, 'name' => "item $i", 'tags' => $tags, 'size' => ['w' => $i * 3, 'h' => 500 - $i]];
}

function run(int $count): string
{
    $records = [];
    for ($i = 0; $i < $count; $i++) {
        $records[] = make_record($i);
    }
    $text = write($records);
    $parsed = (new Parser($text))->value();
    if (write($parsed) !== $text) {
        throw new Exception('what was written differs from what was read');
    }
    $sum = 0;
    foreach ($parsed as $record) {
        $size = $record['size'];
        $sum += $size['w'] + $size['h'] + count($record['tags']);
    }
    return strlen($text) . " $sum";
}

echo run((int) $argv[1]), "\n";
