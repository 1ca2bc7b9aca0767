// Polymorphic methods: a small operating system hands packets between six tasks, n times.
const IDLE = 0, WORKER = 1, HANDLER_A = 2, HANDLER_B = 3, DEVICE_A = 4, DEVICE_B = 5;

class Packet {
  constructor(next, to, isWork) {
    this.next = next;
    this.to = to;
    this.isWork = isWork;
    this.sent = 0;
    this.data = [0, 0, 0, 0];
  }

  // Puts the packet at the end of a queue; returns the queue.
  appendTo(queue) {
    this.next = null;
    if (queue === null) return this;
    let last = queue;
    while (last.next !== null) last = last.next;
    last.next = this;
    return queue;
  }
}

class Task {
  constructor(system, id, priority, queue) {
    this.system = system;
    this.id = id;
    this.priority = priority;
    this.queue = queue;
    this.next = null;
    this.held = false;
    this.waiting = true;
    this.ready = queue !== null;
  }

  blocked() {
    if (this.held) return true;
    if (this.waiting) return !this.ready;
    return false;
  }

  // Runs until the next switch; returns the task to go on with.
  resume() {
    if (!this.waiting) return this.step(null);
    const packet = this.queue;
    this.queue = packet.next;
    this.waiting = false;
    this.ready = this.queue !== null;
    return this.step(packet);
  }

  // Takes a packet from the current task; returns the one of higher priority.
  receive(packet, current) {
    if (this.queue === null) {
      this.queue = packet;
      this.ready = true;
      if (this.priority > current.priority) return this;
    } else {
      this.queue = packet.appendTo(this.queue);
    }
    return current;
  }
}

class IdleTask extends Task {
  constructor(system, rounds) {
    super(system, IDLE, 0, null);
    this.waiting = false;
    this.rounds = rounds;
    this.seed = 74755;
  }

  step(packet) {
    this.rounds -= 1;
    if (this.rounds === 0) return this.system.holdCurrent();
    this.seed = (this.seed * 16807) % 2147483647;
    return this.system.release(this.seed % 2 === 0 ? DEVICE_A : DEVICE_B);
  }
}

class WorkerTask extends Task {
  constructor(system, queue) {
    super(system, WORKER, 1000, queue);
    this.handler = HANDLER_A;
    this.letter = 0;
  }

  step(packet) {
    if (packet === null) return this.system.suspendCurrent();
    this.handler = this.handler === HANDLER_A ? HANDLER_B : HANDLER_A;
    packet.to = this.handler;
    packet.sent = 0;
    for (let i = 0; i < 4; i++) {
      this.letter += 1;
      if (this.letter > 26) this.letter = 1;
      packet.data[i] = this.letter;
    }
    return this.system.send(packet);
  }
}

class HandlerTask extends Task {
  constructor(system, id, priority, queue) {
    super(system, id, priority, queue);
    this.work = null;
    this.free = null;
  }

  step(packet) {
    if (packet !== null) {
      if (packet.isWork) this.work = packet.appendTo(this.work);
      else this.free = packet.appendTo(this.free);
    }
    const work = this.work;
    if (work !== null) {
      const sent = work.sent;
      if (sent >= 4) {
        this.work = work.next;
        return this.system.send(work);
      }
      const free = this.free;
      if (free !== null) {
        this.free = free.next;
        free.sent = work.data[sent];
        work.sent = sent + 1;
        return this.system.send(free);
      }
    }
    return this.system.suspendCurrent();
  }
}

class DeviceTask extends Task {
  constructor(system, id, priority) {
    super(system, id, priority, null);
    this.packet = null;
  }

  step(packet) {
    if (packet !== null) {
      this.packet = packet;
      return this.system.holdCurrent();
    }
    const kept = this.packet;
    if (kept === null) return this.system.suspendCurrent();
    this.packet = null;
    return this.system.send(kept);
  }
}

class System {
  constructor() {
    this.tasks = [null, null, null, null, null, null];
    this.first = null;
    this.current = null;
    this.sent = 0;
    this.holds = 0;
  }

  add(task) {
    task.next = this.first;
    this.first = task;
    this.tasks[task.id] = task;
  }

  run() {
    this.current = this.first;
    while (this.current !== null) {
      if (this.current.blocked()) this.current = this.current.next;
      else this.current = this.current.resume();
    }
  }

  release(id) {
    const task = this.tasks[id];
    task.held = false;
    return task.priority > this.current.priority ? task : this.current;
  }

  holdCurrent() {
    this.holds += 1;
    this.current.held = true;
    return this.current.next;
  }

  suspendCurrent() {
    this.current.waiting = true;
    return this.current;
  }

  send(packet) {
    const task = this.tasks[packet.to];
    this.sent += 1;
    packet.next = null;
    packet.to = this.current.id;
    return task.receive(packet, this.current);
  }
}

function packets(count, to, isWork) {
  let queue = null;
  for (let i = 0; i < count; i++) queue = new Packet(queue, to, isWork);
  return queue;
}

function simulate() {
  const system = new System();
  system.add(new IdleTask(system, 1000));
  system.add(new WorkerTask(system, packets(2, WORKER, true)));
  system.add(new HandlerTask(system, HANDLER_A, 2000, packets(3, DEVICE_A, false)));
  system.add(new HandlerTask(system, HANDLER_B, 3000, packets(3, DEVICE_B, false)));
  system.add(new DeviceTask(system, DEVICE_A, 4000));
  system.add(new DeviceTask(system, DEVICE_B, 5000));
  system.run();
  return system.sent * 10000 + system.holds;
}

function run(rounds) {
  let total = 0;
  for (let round = 0; round < rounds; round++) total += simulate();
  return total;
}

console.log(run(Number(process.argv[2])));
