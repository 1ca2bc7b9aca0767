<?php
// Calls: the naive Fibonacci function.
function fib(int $n): int
{
    return $n < 2 ? $n : fib($n - 1) + fib($n - 2);
}

echo fib((int) $argv[1]), "\n";
