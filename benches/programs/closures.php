<?php
// Closures: a pipeline of mapped, filtered and folded functions, n times.
function compose(Closure $f, Closure $g): Closure
{
    return fn($x) => $g($f($x));
}

function adder(int $amount): Closure
{
    return fn($x) => $x + $amount;
}

function scaler(int $factor): Closure
{
    return fn($x) => $x * $factor;
}

function counter(): Closure
{
    $count = 0;
    return function ($step) use (&$count) {
        $count += $step;
        return $count;
    };
}

function run(int $rounds): int
{
    $numbers = [];
    for ($i = 1; $i <= 100; $i++) {
        $numbers[] = $i;
    }
    $change = compose(compose(adder(3), scaler(5)), adder(-7));
    $count = counter();
    $total = 0;
    for ($round = 0; $round < $rounds; $round++) {
        $kept = array_filter(array_map($change, $numbers), fn($x) => $x % 3 !== $round % 3);
        $total += array_reduce($kept, fn($sum, $x) => $sum + $x, 0);
        array_walk($kept, fn($x) => $count($x % 2));
    }
    return $total + $count(0);
}

echo run((int) $argv[1]), "\n";
