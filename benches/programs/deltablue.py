# Objects of many classes: an incremental constraint solver keeps a chain and a
# projection of n variables consistent while they are edited.
import sys

# Strengths: the smaller, the stronger.
REQUIRED, PREFERRED, STRONG_DEFAULT, NORMAL, WEAKEST = 0, 2, 3, 4, 6
NONE, FORWARD, BACKWARD = 0, 1, 2


class Variable:
    def __init__(self, value):
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.mark = 0
        self.strength = WEAKEST
        self.stay = True

    def drop(self, constraint):
        self.constraints = [c for c in self.constraints if c is not constraint]
        if self.determined_by is constraint:
            self.determined_by = None


class Constraint:
    def is_input(self):
        return False

    def satisfy(self, mark, planner):
        """Finds a way to hold; returns the weaker constraint that had to give way."""
        self.choose(mark)
        if not self.satisfied():
            if self.strength == REQUIRED:
                raise ValueError("a required constraint cannot be satisfied")
            return None
        self.mark_inputs(mark)
        output = self.output()
        overridden = output.determined_by
        if overridden is not None:
            overridden.release()
        output.determined_by = self
        if not planner.propagate(self, mark):
            raise ValueError("a cycle of constraints")
        output.mark = mark
        return overridden


class UnaryConstraint(Constraint):
    def __init__(self, variable, strength, planner):
        self.variable = variable
        self.strength = strength
        self.holds = False
        variable.constraints.append(self)
        planner.add(self)

    def output(self):
        return self.variable

    def satisfied(self):
        return self.holds

    def release(self):
        self.holds = False

    def mark_inputs(self, mark):
        pass

    def inputs_known(self, mark):
        return True

    def execute(self):
        pass

    def choose(self, mark):
        if self.variable.mark == mark:
            self.holds = False
        else:
            self.holds = self.strength < self.variable.strength

    def recalculate(self):
        self.variable.strength = self.strength
        self.variable.stay = not self.is_input()

    def unlink(self):
        self.variable.drop(self)
        self.holds = False


class StayConstraint(UnaryConstraint):
    pass


class EditConstraint(UnaryConstraint):
    def is_input(self):
        return True


class BinaryConstraint(Constraint):
    def link(self, first, second, strength):
        self.first = first
        self.second = second
        self.strength = strength
        self.direction = NONE
        first.constraints.append(self)
        second.constraints.append(self)

    def input(self):
        return self.first if self.direction == FORWARD else self.second

    def output(self):
        return self.second if self.direction == FORWARD else self.first

    def satisfied(self):
        return self.direction != NONE

    def release(self):
        self.direction = NONE

    def mark_inputs(self, mark):
        self.input().mark = mark

    def inputs_known(self, mark):
        input = self.input()
        if input.mark == mark:
            return True
        if input.stay:
            return True
        return input.determined_by is None

    def choose(self, mark):
        self.direction = NONE
        if self.first.mark == mark:
            if self.second.mark != mark:
                if self.strength < self.second.strength:
                    self.direction = FORWARD
        elif self.second.mark == mark:
            if self.strength < self.first.strength:
                self.direction = BACKWARD
        elif self.first.strength > self.second.strength:
            if self.strength < self.first.strength:
                self.direction = BACKWARD
        elif self.strength < self.second.strength:
            self.direction = FORWARD

    def recalculate(self):
        output = self.output()
        input = self.input()
        output.strength = max(self.strength, input.strength)
        output.stay = self.stays(input)
        if output.stay:
            self.execute()

    def stays(self, input):
        return input.stay

    def unlink(self):
        self.first.drop(self)
        self.second.drop(self)
        self.direction = NONE


class EqualConstraint(BinaryConstraint):
    def __init__(self, first, second, strength, planner):
        self.link(first, second, strength)
        planner.add(self)

    def execute(self):
        self.output().value = self.input().value


class ScaleConstraint(BinaryConstraint):
    """second = first * scale + offset"""

    def __init__(self, first, scale, offset, second, strength, planner):
        self.link(first, second, strength)
        self.scale = scale
        self.offset = offset
        scale.constraints.append(self)
        offset.constraints.append(self)
        planner.add(self)

    def mark_inputs(self, mark):
        super().mark_inputs(mark)
        self.scale.mark = mark
        self.offset.mark = mark

    def stays(self, input):
        return input.stay and self.scale.stay and self.offset.stay

    def execute(self):
        if self.direction == FORWARD:
            self.second.value = self.first.value * self.scale.value + self.offset.value
        else:
            self.first.value = int((self.second.value - self.offset.value) / self.scale.value)


class Planner:
    def __init__(self):
        self.mark = 0

    def new_mark(self):
        self.mark += 1
        return self.mark

    def add(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(mark, self)
        while overridden is not None:
            overridden = overridden.satisfy(mark, self)

    def remove(self, constraint):
        output = constraint.output()
        constraint.release()
        constraint.unlink()
        waiting = self.retract(output)
        strength = REQUIRED
        while strength <= WEAKEST:
            for other in waiting:
                if other.strength == strength:
                    self.add(other)
            strength += 1

    def propagate(self, constraint, mark):
        """Recalculates what depends on a constraint; false if it depends on itself."""
        todo = [constraint]
        while len(todo) > 0:
            next = todo.pop()
            output = next.output()
            if output.mark == mark:
                self.remove(constraint)
                return False
            next.recalculate()
            self.add_consumers(output, todo)
        return True

    def retract(self, output):
        """Recalculates what depended on a variable; returns what no longer holds."""
        output.determined_by = None
        output.strength = WEAKEST
        output.stay = True
        waiting = []
        todo = [output]
        while len(todo) > 0:
            variable = todo.pop()
            for constraint in variable.constraints:
                if not constraint.satisfied():
                    waiting.append(constraint)
            consumers = []
            self.add_consumers(variable, consumers)
            for constraint in consumers:
                constraint.recalculate()
                todo.append(constraint.output())
        return waiting

    def add_consumers(self, variable, list):
        determining = variable.determined_by
        for constraint in variable.constraints:
            if constraint is not determining:
                if constraint.satisfied():
                    list.append(constraint)

    def plan(self, source):
        """The constraints to execute, in order, when the input of `source` changes."""
        mark = self.new_mark()
        steps = []
        todo = [source]
        while len(todo) > 0:
            constraint = todo.pop()
            output = constraint.output()
            if output.mark != mark:
                if constraint.inputs_known(mark):
                    steps.append(constraint)
                    output.mark = mark
                    self.add_consumers(output, todo)
        return steps


def edit(planner, variable, values, check):
    constraint = EditConstraint(variable, PREFERRED, planner)
    steps = planner.plan(constraint)
    for value in values:
        variable.value = value
        for step in steps:
            step.execute()
        check(value)
    planner.remove(constraint)


def expect(actual, expected):
    if actual != expected:
        raise ValueError(f"expected {expected}, got {actual}")


def chain(length):
    planner = Planner()
    variables = [Variable(0) for _ in range(length + 1)]
    for i in range(length):
        EqualConstraint(variables[i], variables[i + 1], REQUIRED, planner)
    last = variables[length]
    StayConstraint(last, STRONG_DEFAULT, planner)
    values = list(range(1, 101))
    edit(planner, variables[0], values, lambda value: expect(last.value, value))
    return last.value


def projection(length):
    planner = Planner()
    scale = Variable(10)
    offset = Variable(1000)
    sources = []
    targets = []
    for i in range(length):
        source = Variable(i)
        target = Variable(i)
        sources.append(source)
        targets.append(target)
        StayConstraint(source, NORMAL, planner)
        ScaleConstraint(source, scale, offset, target, REQUIRED, planner)
    source = sources[length - 1]
    target = targets[length - 1]
    values = [17, 18, 19, 20, 21]
    edit(planner, source, values, lambda value: expect(target.value, value * 10 + 1000))
    edit(planner, target, [1050, 1060, 1070],
         lambda value: expect(source.value, int((value - 1000) / 10)))
    edit(planner, scale, values, lambda value: None)
    edit(planner, offset, [2000, 3000, 4000], lambda value: None)
    total = 0
    for variable in targets:
        total += variable.value
    return total


def run(length):
    return chain(length) + projection(length)


print(run(int(sys.argv[1])))
