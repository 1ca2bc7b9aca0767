// Objects of many classes: an incremental constraint solver keeps a chain and a
// projection of n variables consistent while they are edited.

// Strengths: the smaller, the stronger.
const REQUIRED = 0, PREFERRED = 2, STRONG_DEFAULT = 3, NORMAL = 4, WEAKEST = 6;
const NONE = 0, FORWARD = 1, BACKWARD = 2;

class Variable {
  constructor(value) {
    this.value = value;
    this.constraints = [];
    this.determinedBy = null;
    this.mark = 0;
    this.strength = WEAKEST;
    this.stay = true;
  }

  drop(constraint) {
    this.constraints = this.constraints.filter((c) => c !== constraint);
    if (this.determinedBy === constraint) this.determinedBy = null;
  }
}

class Constraint {
  isInput() { return false; }

  // Finds a way to hold; returns the weaker constraint that had to give way.
  satisfy(mark, planner) {
    this.choose(mark);
    if (!this.satisfied()) {
      if (this.strength === REQUIRED) {
        throw new Error("a required constraint cannot be satisfied");
      }
      return null;
    }
    this.markInputs(mark);
    const output = this.output();
    const overridden = output.determinedBy;
    if (overridden !== null) overridden.release();
    output.determinedBy = this;
    if (!planner.propagate(this, mark)) throw new Error("a cycle of constraints");
    output.mark = mark;
    return overridden;
  }
}

class UnaryConstraint extends Constraint {
  constructor(variable, strength, planner) {
    super();
    this.variable = variable;
    this.strength = strength;
    this.holds = false;
    variable.constraints.push(this);
    planner.add(this);
  }

  output() { return this.variable; }
  satisfied() { return this.holds; }
  release() { this.holds = false; }
  markInputs(mark) {}
  inputsKnown(mark) { return true; }
  execute() {}

  choose(mark) {
    if (this.variable.mark === mark) this.holds = false;
    else this.holds = this.strength < this.variable.strength;
  }

  recalculate() {
    this.variable.strength = this.strength;
    this.variable.stay = !this.isInput();
  }

  unlink() {
    this.variable.drop(this);
    this.holds = false;
  }
}

class StayConstraint extends UnaryConstraint {}

class EditConstraint extends UnaryConstraint {
  isInput() { return true; }
}

class BinaryConstraint extends Constraint {
  constructor(first, second, strength) {
    super();
    this.first = first;
    this.second = second;
    this.strength = strength;
    this.direction = NONE;
    first.constraints.push(this);
    second.constraints.push(this);
  }

  input() { return this.direction === FORWARD ? this.first : this.second; }
  output() { return this.direction === FORWARD ? this.second : this.first; }
  satisfied() { return this.direction !== NONE; }
  release() { this.direction = NONE; }

  markInputs(mark) {
    this.input().mark = mark;
  }

  inputsKnown(mark) {
    const input = this.input();
    if (input.mark === mark) return true;
    if (input.stay) return true;
    return input.determinedBy === null;
  }

  choose(mark) {
    this.direction = NONE;
    if (this.first.mark === mark) {
      if (this.second.mark !== mark) {
        if (this.strength < this.second.strength) this.direction = FORWARD;
      }
    } else if (this.second.mark === mark) {
      if (this.strength < this.first.strength) this.direction = BACKWARD;
    } else if (this.first.strength > this.second.strength) {
      if (this.strength < this.first.strength) this.direction = BACKWARD;
    } else if (this.strength < this.second.strength) {
      this.direction = FORWARD;
    }
  }

  recalculate() {
    const output = this.output();
    const input = this.input();
    output.strength = Math.max(this.strength, input.strength);
    output.stay = this.stays(input);
    if (output.stay) this.execute();
  }

  stays(input) { return input.stay; }

  unlink() {
    this.first.drop(this);
    this.second.drop(this);
    this.direction = NONE;
  }
}

class EqualConstraint extends BinaryConstraint {
  constructor(first, second, strength, planner) {
    super(first, second, strength);
    planner.add(this);
  }

  execute() {
    this.output().value = this.input().value;
  }
}

// second = first * scale + offset
class ScaleConstraint extends BinaryConstraint {
  constructor(first, scale, offset, second, strength, planner) {
    super(first, second, strength);
    this.scale = scale;
    this.offset = offset;
    scale.constraints.push(this);
    offset.constraints.push(this);
    planner.add(this);
  }

  markInputs(mark) {
    super.markInputs(mark);
    this.scale.mark = mark;
    this.offset.mark = mark;
  }

  stays(input) {
    return input.stay && this.scale.stay && this.offset.stay;
  }

  execute() {
    if (this.direction === FORWARD) {
      this.second.value = this.first.value * this.scale.value + this.offset.value;
    } else {
      this.first.value = Math.trunc((this.second.value - this.offset.value) / this.scale.value);
    }
  }
}

class Planner {
  constructor() {
    this.mark = 0;
  }

  newMark() {
    this.mark += 1;
    return this.mark;
  }

  add(constraint) {
    const mark = this.newMark();
    let overridden = constraint.satisfy(mark, this);
    while (overridden !== null) overridden = overridden.satisfy(mark, this);
  }

  remove(constraint) {
    const output = constraint.output();
    constraint.release();
    constraint.unlink();
    const waiting = this.retract(output);
    for (let strength = REQUIRED; strength <= WEAKEST; strength++) {
      for (const other of waiting) if (other.strength === strength) this.add(other);
    }
  }

  // Recalculates what depends on a constraint; false if it depends on itself.
  propagate(constraint, mark) {
    const todo = [constraint];
    while (todo.length > 0) {
      const next = todo.pop();
      const output = next.output();
      if (output.mark === mark) {
        this.remove(constraint);
        return false;
      }
      next.recalculate();
      this.addConsumers(output, todo);
    }
    return true;
  }

  // Recalculates what depended on a variable; returns what no longer holds.
  retract(output) {
    output.determinedBy = null;
    output.strength = WEAKEST;
    output.stay = true;
    const waiting = [];
    const todo = [output];
    while (todo.length > 0) {
      const variable = todo.pop();
      for (const constraint of variable.constraints) {
        if (!constraint.satisfied()) waiting.push(constraint);
      }
      const consumers = [];
      this.addConsumers(variable, consumers);
      for (const constraint of consumers) {
        constraint.recalculate();
        todo.push(constraint.output());
      }
    }
    return waiting;
  }

  addConsumers(variable, list) {
    const determining = variable.determinedBy;
    for (const constraint of variable.constraints) {
      if (constraint !== determining) {
        if (constraint.satisfied()) list.push(constraint);
      }
    }
  }

  // The constraints to execute, in order, when the input of `source` changes.
  plan(source) {
    const mark = this.newMark();
    const steps = [];
    const todo = [source];
    while (todo.length > 0) {
      const constraint = todo.pop();
      const output = constraint.output();
      if (output.mark !== mark) {
        if (constraint.inputsKnown(mark)) {
          steps.push(constraint);
          output.mark = mark;
          this.addConsumers(output, todo);
        }
      }
    }
    return steps;
  }
}

function edit(planner, variable, values, check) {
  const constraint = new EditConstraint(variable, PREFERRED, planner);
  const steps = planner.plan(constraint);
  for (const value of values) {
    variable.value = value;
    for (const step of steps) step.execute();
    check(value);
  }
  planner.remove(constraint);
}

function expect(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}

function chain(length) {
  const planner = new Planner();
  const variables = [];
  for (let i = 0; i <= length; i++) variables.push(new Variable(0));
  for (let i = 0; i < length; i++) {
    new EqualConstraint(variables[i], variables[i + 1], REQUIRED, planner);
  }
  const last = variables[length];
  new StayConstraint(last, STRONG_DEFAULT, planner);
  const values = [];
  for (let value = 1; value <= 100; value++) values.push(value);
  edit(planner, variables[0], values, (value) => expect(last.value, value));
  return last.value;
}

function projection(length) {
  const planner = new Planner();
  const scale = new Variable(10);
  const offset = new Variable(1000);
  const sources = [];
  const targets = [];
  for (let i = 0; i < length; i++) {
    const source = new Variable(i);
    const target = new Variable(i);
    sources.push(source);
    targets.push(target);
    new StayConstraint(source, NORMAL, planner);
    new ScaleConstraint(source, scale, offset, target, REQUIRED, planner);
  }
  const source = sources[length - 1];
  const target = targets[length - 1];
  const values = [17, 18, 19, 20, 21];
  edit(planner, source, values, (value) => expect(target.value, value * 10 + 1000));
  edit(planner, target, [1050, 1060, 1070], (value) => {
    expect(source.value, Math.trunc((value - 1000) / 10));
  });
  edit(planner, scale, values, () => {});
  edit(planner, offset, [2000, 3000, 4000], () => {});
  let sum = 0;
  for (const variable of targets) sum += variable.value;
  return sum;
}

function run(length) {
  return chain(length) + projection(length);
}

console.log(run(Number(process.argv[2])));
