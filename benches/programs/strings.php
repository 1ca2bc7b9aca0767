<?php
// String building: n lines of numbers joined from pieces, then taken apart.
function line(int $i): string
{
    $pieces = [];
    for ($k = 0; $k < 8; $k++) {
        $pieces[] = (string) ($i * 31 + $k * 7);
    }
    return implode(',', $pieces);
}

function digits(string $text): int
{
    $sum = 0;
    $size = strlen($text);
    for ($i = 0; $i < $size; $i++) {
        $byte = ord($text[$i]);
        if ($byte !== 44) {
            $sum += $byte - 48;
        }
    }
    return $sum;
}

function run(int $lines): string
{
    $sum = 0;
    $longest = '';
    for ($i = 0; $i < $lines; $i++) {
        $text = line($i) . ';' . line($i + 1);
        foreach (explode(';', $text) as $part) {
            $sum += digits($part);
        }
        if (strlen($text) > strlen($longest)) {
            $longest = $text;
        }
    }
    return "$sum $longest";
}

echo run((int) $argv[1]), "\n";
