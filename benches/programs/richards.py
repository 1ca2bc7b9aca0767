# Polymorphic methods: a small operating system hands packets between six tasks, n times.
import sys

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)


class Packet:
    def __init__(self, next, to, is_work):
        self.next = next
        self.to = to
        self.is_work = is_work
        self.sent = 0
        self.data = [0, 0, 0, 0]

    def append_to(self, queue):
        """Puts the packet at the end of a queue; returns the queue."""
        self.next = None
        if queue is None:
            return self
        last = queue
        while last.next is not None:
            last = last.next
        last.next = self
        return queue


class Task:
    def __init__(self, system, id, priority, queue):
        self.system = system
        self.id = id
        self.priority = priority
        self.queue = queue
        self.next = None
        self.held = False
        self.waiting = True
        self.ready = queue is not None

    def blocked(self):
        if self.held:
            return True
        if self.waiting:
            return not self.ready
        return False

    def resume(self):
        """Runs until the next switch; returns the task to go on with."""
        if not self.waiting:
            return self.step(None)
        packet = self.queue
        self.queue = packet.next
        self.waiting = False
        self.ready = self.queue is not None
        return self.step(packet)

    def receive(self, packet, current):
        """Takes a packet from the current task; returns the one of higher priority."""
        if self.queue is None:
            self.queue = packet
            self.ready = True
            if self.priority > current.priority:
                return self
        else:
            self.queue = packet.append_to(self.queue)
        return current


class IdleTask(Task):
    def __init__(self, system, rounds):
        super().__init__(system, IDLE, 0, None)
        self.waiting = False
        self.rounds = rounds
        self.seed = 74755

    def step(self, packet):
        self.rounds -= 1
        if self.rounds == 0:
            return self.system.hold_current()
        self.seed = self.seed * 16807 % 2147483647
        return self.system.release(DEVICE_A if self.seed % 2 == 0 else DEVICE_B)


class WorkerTask(Task):
    def __init__(self, system, queue):
        super().__init__(system, WORKER, 1000, queue)
        self.handler = HANDLER_A
        self.letter = 0

    def step(self, packet):
        if packet is None:
            return self.system.suspend_current()
        self.handler = HANDLER_B if self.handler == HANDLER_A else HANDLER_A
        packet.to = self.handler
        packet.sent = 0
        i = 0
        while i < 4:
            self.letter += 1
            if self.letter > 26:
                self.letter = 1
            packet.data[i] = self.letter
            i += 1
        return self.system.send(packet)


class HandlerTask(Task):
    def __init__(self, system, id, priority, queue):
        super().__init__(system, id, priority, queue)
        self.work = None
        self.free = None

    def step(self, packet):
        if packet is not None:
            if packet.is_work:
                self.work = packet.append_to(self.work)
            else:
                self.free = packet.append_to(self.free)
        work = self.work
        if work is not None:
            sent = work.sent
            if sent >= 4:
                self.work = work.next
                return self.system.send(work)
            free = self.free
            if free is not None:
                self.free = free.next
                free.sent = work.data[sent]
                work.sent = sent + 1
                return self.system.send(free)
        return self.system.suspend_current()


class DeviceTask(Task):
    def __init__(self, system, id, priority):
        super().__init__(system, id, priority, None)
        self.packet = None

    def step(self, packet):
        if packet is not None:
            self.packet = packet
            return self.system.hold_current()
        kept = self.packet
        if kept is None:
            return self.system.suspend_current()
        self.packet = None
        return self.system.send(kept)


class System:
    def __init__(self):
        self.tasks = [None] * 6
        self.first = None
        self.current = None
        self.sent = 0
        self.holds = 0

    def add(self, task):
        task.next = self.first
        self.first = task
        self.tasks[task.id] = task

    def run(self):
        self.current = self.first
        while self.current is not None:
            if self.current.blocked():
                self.current = self.current.next
            else:
                self.current = self.current.resume()

    def release(self, id):
        task = self.tasks[id]
        task.held = False
        return task if task.priority > self.current.priority else self.current

    def hold_current(self):
        self.holds += 1
        self.current.held = True
        return self.current.next

    def suspend_current(self):
        self.current.waiting = True
        return self.current

    def send(self, packet):
        task = self.tasks[packet.to]
        self.sent += 1
        packet.next = None
        packet.to = self.current.id
        return task.receive(packet, self.current)


def packets(count, to, is_work):
    queue = None
    for _ in range(count):
        queue = Packet(queue, to, is_work)
    return queue


def simulate():
    system = System()
    system.add(IdleTask(system, 1000))
    system.add(WorkerTask(system, packets(2, WORKER, True)))
    system.add(HandlerTask(system, HANDLER_A, 2000, packets(3, DEVICE_A, False)))
    system.add(HandlerTask(system, HANDLER_B, 3000, packets(3, DEVICE_B, False)))
    system.add(DeviceTask(system, DEVICE_A, 4000))
    system.add(DeviceTask(system, DEVICE_B, 5000))
    system.run()
    return system.sent * 10000 + system.holds


def run(rounds):
    total = 0
    for _ in range(rounds):
        total += simulate()
    return total


print(run(int(sys.argv[1])))
