<?php
// Objects in linked stacks: moves a tower of thirteen disks, n times.
class Disk
{
    public function __construct(public int $size, public ?Disk $below) {}
}

class Towers
{
    public array $piles = [null, null, null];
    public int $moves = 0;

    public function __construct(int $disks)
    {
        for (; $disks > 0; $disks--) {
            $this->push(new Disk($disks, null), 0);
        }
    }

    public function push(Disk $disk, int $pile): void
    {
        $top = $this->piles[$pile];
        if ($top !== null && $disk->size >= $top->size) {
            throw new Exception('a large disk on a small one');
        }
        $disk->below = $top;
        $this->piles[$pile] = $disk;
    }

    public function pop(int $pile): Disk
    {
        $top = $this->piles[$pile];
        $this->piles[$pile] = $top->below;
        return $top;
    }

    public function move(int $count, int $from, int $to): void
    {
        if ($count === 1) {
            $this->push($this->pop($from), $to);
            $this->moves += 1;
        } else {
            $other = 3 - $from - $to;
            $this->move($count - 1, $from, $other);
            $this->move(1, $from, $to);
            $this->move($count - 1, $other, $to);
        }
    }
}

function run(int $rounds): int
{
    $total = 0;
    for ($round = 0; $round < $rounds; $round++) {
        $towers = new Towers(13);
        $towers->move(13, 0, 1);
        $total += $towers->moves;
    }
    return $total;
}

echo run((int) $argv[1]), "\n";
