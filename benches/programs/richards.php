<?php
// Polymorphic methods: a small operating system hands packets between six tasks, n times.
const IDLE = 0, WORKER = 1, HANDLER_A = 2, HANDLER_B = 3, DEVICE_A = 4, DEVICE_B = 5;

class Packet
{
    public int $sent = 0;
    public array $data = [0, 0, 0, 0];

    public function __construct(public ?Packet $next, public int $to, public bool $isWork) {}

    // Puts the packet at the end of a queue; returns the queue.
    public function appendTo(?Packet $queue): Packet
    {
        $this->next = null;
        if ($queue === null) {
            return $this;
        }
        $last = $queue;
        while ($last->next !== null) {
            $last = $last->next;
        }
        $last->next = $this;
        return $queue;
    }
}

abstract class Task
{
    public ?Task $next = null;
    public bool $held = false;
    public bool $waiting = true;
    public bool $ready;

    public function __construct(
        protected System $system,
        public int $id,
        public int $priority,
        public ?Packet $queue,
    ) {
        $this->ready = $queue !== null;
    }

    abstract public function step(?Packet $packet): ?Task;

    public function blocked(): bool
    {
        if ($this->held) {
            return true;
        }
        if ($this->waiting) {
            return !$this->ready;
        }
        return false;
    }

    // Runs until the next switch; returns the task to go on with.
    public function resume(): ?Task
    {
        if (!$this->waiting) {
            return $this->step(null);
        }
        $packet = $this->queue;
        $this->queue = $packet->next;
        $this->waiting = false;
        $this->ready = $this->queue !== null;
        return $this->step($packet);
    }

    // Takes a packet from the current task; returns the one of higher priority.
    public function receive(Packet $packet, Task $current): Task
    {
        if ($this->queue === null) {
            $this->queue = $packet;
            $this->ready = true;
            if ($this->priority > $current->priority) {
                return $this;
            }
        } else {
            $this->queue = $packet->appendTo($this->queue);
        }
        return $current;
    }
}

class IdleTask extends Task
{
    private int $seed = 74755;

    public function __construct(System $system, private int $rounds)
    {
        parent::__construct($system, IDLE, 0, null);
        $this->waiting = false;
    }

    public function step(?Packet $packet): ?Task
    {
        $this->rounds -= 1;
        if ($this->rounds === 0) {
            return $this->system->holdCurrent();
        }
        $this->seed = $this->seed * 16807 % 2147483647;
        return $this->system->release($this->seed % 2 === 0 ? DEVICE_A : DEVICE_B);
    }
}

class WorkerTask extends Task
{
    private int $handler = HANDLER_A;
    private int $letter = 0;

    public function __construct(System $system, ?Packet $queue)
    {
        parent::__construct($system, WORKER, 1000, $queue);
    }

    public function step(?Packet $packet): ?Task
    {
        if ($packet === null) {
            return $this->system->suspendCurrent();
        }
        $this->handler = $this->handler === HANDLER_A ? HANDLER_B : HANDLER_A;
        $packet->to = $this->handler;
        $packet->sent = 0;
        for ($i = 0; $i < 4; $i++) {
            $this->letter += 1;
            if ($this->letter > 26) {
                $this->letter = 1;
            }
            $packet->data[$i] = $this->letter;
        }
        return $this->system->send($packet);
    }
}

class HandlerTask extends Task
{
    private ?Packet $work = null;
    private ?Packet $free = null;

    public function step(?Packet $packet): ?Task
    {
        if ($packet !== null) {
            if ($packet->isWork) {
                $this->work = $packet->appendTo($this->work);
            } else {
                $this->free = $packet->appendTo($this->free);
            }
        }
        $work = $this->work;
        if ($work !== null) {
            $sent = $work->sent;
            if ($sent >= 4) {
                $this->work = $work->next;
                return $this->system->send($work);
            }
            $free = $this->free;
            if ($free !== null) {
                $this->free = $free->next;
                $free->sent = $work->data[$sent];
                $work->sent = $sent + 1;
                return $this->system->send($free);
            }
        }
        return $this->system->suspendCurrent();
    }
}

class DeviceTask extends Task
{
    private ?Packet $packet = null;

    public function __construct(System $system, int $id, int $priority)
    {
        parent::__construct($system, $id, $priority, null);
    }

    public function step(?Packet $packet): ?Task
    {
        if ($packet !== null) {
            $this->packet = $packet;
            return $this->system->holdCurrent();
        }
        $kept = $this->packet;
        if ($kept === null) {
            return $this->system->suspendCurrent();
        }
        $this->packet = null;
        return $this->system->send($kept);
    }
}

class System
{
    private array $tasks = [null, null, null, null, null, null];
    private ?Task $first = null;
    private ?Task $current = null;
    public int $sent = 0;
    public int $holds = 0;

    public function add(Task $task): void
    {
        $task->next = $this->first;
        $this->first = $task;
        $this->tasks[$task->id] = $task;
    }

    public function run(): void
    {
        $this->current = $this->first;
        while ($this->current !== null) {
            if ($this->current->blocked()) {
                $this->current = $this->current->next;
            } else {
                $this->current = $this->current->resume();
            }
        }
    }

    public function release(int $id): Task
    {
        $task = $this->tasks[$id];
        $task->held = false;
        return $task->priority > $this->current->priority ? $task : $this->current;
    }

    public function holdCurrent(): ?Task
    {
        $this->holds += 1;
        $this->current->held = true;
        return $this->current->next;
    }

    public function suspendCurrent(): Task
    {
        $this->current->waiting = true;
        return $this->current;
    }

    public function send(Packet $packet): Task
    {
        $task = $this->tasks[$packet->to];
        $this->sent += 1;
        $packet->next = null;
        $packet->to = $this->current->id;
        return $task->receive($packet, $this->current);
    }
}

function packets(int $count, int $to, bool $isWork): ?Packet
{
    $queue = null;
    for ($i = 0; $i < $count; $i++) {
        $queue = new Packet($queue, $to, $isWork);
    }
    return $queue;
}

function simulate(): int
{
    $system = new System();
    $system->add(new IdleTask($system, 1000));
    $system->add(new WorkerTask($system, packets(2, WORKER, true)));
    $system->add(new HandlerTask($system, HANDLER_A, 2000, packets(3, DEVICE_A, false)));
    $system->add(new HandlerTask($system, HANDLER_B, 3000, packets(3, DEVICE_B, false)));
    $system->add(new DeviceTask($system, DEVICE_A, 4000));
    $system->add(new DeviceTask($system, DEVICE_B, 5000));
    $system->run();
    return $system->sent * 10000 + $system->holds;
}

function run(int $rounds): int
{
    $total = 0;
    for ($round = 0; $round < $rounds; $round++) {
        $total += simulate();
    }
    return $total;
}

echo run((int) $argv[1]), "\n";
