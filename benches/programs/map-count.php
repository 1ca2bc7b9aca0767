<?php
// Maps: counts n words made of three syllables.
class Random
{
    private int $seed = 74755;

    public function below(int $limit): int
    {
        $this->seed = $this->seed * 16807 % 2147483647;
        return $this->seed % $limit;
    }
}

function run(int $words): string
{
    $syllables = ['ka', 'lo', 'mi', 'ne', 'pu', 'ra', 'so', 'ti', 'vu', 'xe'];
    $random = new Random();
    $counts = [];
    for ($i = 0; $i < $words; $i++) {
        $first = $syllables[$random->below(10)];
        $second = $syllables[$random->below(10)];
        $third = $syllables[$random->below(10)];
        $word = $first . $second . $third;
        $counts[$word] = ($counts[$word] ?? 0) + 1;
    }
    $top = '';
    $most = 0;
    foreach ($counts as $word => $count) {
        if ($count > $most) {
            $top = $word;
            $most = $count;
        }
    }
    return "$top $most " . count($counts);
}

echo run((int) $argv[1]), "\n";
