<?php
// Objects of many classes: an incremental constraint solver keeps a chain and a
// projection of n variables consistent while they are edited.

// Strengths: the smaller, the stronger.
const REQUIRED = 0, PREFERRED = 2, STRONG_DEFAULT = 3, NORMAL = 4, WEAKEST = 6;
const NONE = 0, FORWARD = 1, BACKWARD = 2;

class Variable
{
    public array $constraints = [];
    public ?Constraint $determinedBy = null;
    public int $mark = 0;
    public int $strength = WEAKEST;
    public bool $stay = true;

    public function __construct(public int $value) {}

    public function drop(Constraint $constraint): void
    {
        $this->constraints = array_values(
            array_filter($this->constraints, fn($c) => $c !== $constraint)
        );
        if ($this->determinedBy === $constraint) {
            $this->determinedBy = null;
        }
    }
}

abstract class Constraint
{
    public int $strength;

    public function isInput(): bool
    {
        return false;
    }

    // Finds a way to hold; returns the weaker constraint that had to give way.
    public function satisfy(int $mark, Planner $planner): ?Constraint
    {
        $this->choose($mark);
        if (!$this->satisfied()) {
            if ($this->strength === REQUIRED) {
                throw new Exception('a required constraint cannot be satisfied');
            }
            return null;
        }
        $this->markInputs($mark);
        $output = $this->output();
        $overridden = $output->determinedBy;
        if ($overridden !== null) {
            $overridden->release();
        }
        $output->determinedBy = $this;
        if (!$planner->propagate($this, $mark)) {
            throw new Exception('a cycle of constraints');
        }
        $output->mark = $mark;
        return $overridden;
    }
}

class UnaryConstraint extends Constraint
{
    private bool $holds = false;

    public function __construct(private Variable $variable, int $strength, Planner $planner)
    {
        $this->strength = $strength;
        $variable->constraints[] = $this;
        $planner->add($this);
    }

    public function output(): Variable
    {
        return $this->variable;
    }

    public function satisfied(): bool
    {
        return $this->holds;
    }

    public function release(): void
    {
        $this->holds = false;
    }

    public function markInputs(int $mark): void {}

    public function inputsKnown(int $mark): bool
    {
        return true;
    }

    public function execute(): void {}

    public function choose(int $mark): void
    {
        if ($this->variable->mark === $mark) {
            $this->holds = false;
        } else {
            $this->holds = $this->strength < $this->variable->strength;
        }
    }

    public function recalculate(): void
    {
        $this->variable->strength = $this->strength;
        $this->variable->stay = !$this->isInput();
    }

    public function unlink(): void
    {
        $this->variable->drop($this);
        $this->holds = false;
    }
}

class StayConstraint extends UnaryConstraint {}

class EditConstraint extends UnaryConstraint
{
    public function isInput(): bool
    {
        return true;
    }
}

abstract class BinaryConstraint extends Constraint
{
    protected int $direction = NONE;

    public function __construct(protected Variable $first, protected Variable $second, int $strength)
    {
        $this->strength = $strength;
        $first->constraints[] = $this;
        $second->constraints[] = $this;
    }

    public function input(): Variable
    {
        return $this->direction === FORWARD ? $this->first : $this->second;
    }

    public function output(): Variable
    {
        return $this->direction === FORWARD ? $this->second : $this->first;
    }

    public function satisfied(): bool
    {
        return $this->direction !== NONE;
    }

    public function release(): void
    {
        $this->direction = NONE;
    }

    public function markInputs(int $mark): void
    {
        $this->input()->mark = $mark;
    }

    public function inputsKnown(int $mark): bool
    {
        $input = $this->input();
        if ($input->mark === $mark) {
            return true;
        }
        if ($input->stay) {
            return true;
        }
        return $input->determinedBy === null;
    }

    public function choose(int $mark): void
    {
        $this->direction = NONE;
        if ($this->first->mark === $mark) {
            if ($this->second->mark !== $mark) {
                if ($this->strength < $this->second->strength) {
                    $this->direction = FORWARD;
                }
            }
        } elseif ($this->second->mark === $mark) {
            if ($this->strength < $this->first->strength) {
                $this->direction = BACKWARD;
            }
        } elseif ($this->first->strength > $this->second->strength) {
            if ($this->strength < $this->first->strength) {
                $this->direction = BACKWARD;
            }
        } elseif ($this->strength < $this->second->strength) {
            $this->direction = FORWARD;
        }
    }

    public function recalculate(): void
    {
        $output = $this->output();
        $input = $this->input();
        $output->strength = max($this->strength, $input->strength);
        $output->stay = $this->stays($input);
        if ($output->stay) {
            $this->execute();
        }
    }

    protected function stays(Variable $input): bool
    {
        return $input->stay;
    }

    public function unlink(): void
    {
        $this->first->drop($this);
        $this->second->drop($this);
        $this->direction = NONE;
    }
}

class EqualConstraint extends BinaryConstraint
{
    public function __construct(Variable $first, Variable $second, int $strength, Planner $planner)
    {
        parent::__construct($first, $second, $strength);
        $planner->add($this);
    }

    public function execute(): void
    {
        $this->output()->value = $this->input()->value;
    }
}

// second = first * scale + offset
class ScaleConstraint extends BinaryConstraint
{
    public function __construct(
        Variable $first,
        private Variable $scale,
        private Variable $offset,
        Variable $second,
        int $strength,
        Planner $planner,
    ) {
        parent::__construct($first, $second, $strength);
        $scale->constraints[] = $this;
        $offset->constraints[] = $this;
        $planner->add($this);
    }

    public function markInputs(int $mark): void
    {
        parent::markInputs($mark);
        $this->scale->mark = $mark;
        $this->offset->mark = $mark;
    }

    protected function stays(Variable $input): bool
    {
        return $input->stay && $this->scale->stay && $this->offset->stay;
    }

    public function execute(): void
    {
        if ($this->direction === FORWARD) {
            $this->second->value = $this->first->value * $this->scale->value + $this->offset->value;
        } else {
            $this->first->value = intdiv($this->second->value - $this->offset->value, $this->scale->value);
        }
    }
}

class Planner
{
    private int $mark = 0;

    private function newMark(): int
    {
        $this->mark += 1;
        return $this->mark;
    }

    public function add(Constraint $constraint): void
    {
        $mark = $this->newMark();
        $overridden = $constraint->satisfy($mark, $this);
        while ($overridden !== null) {
            $overridden = $overridden->satisfy($mark, $this);
        }
    }

    public function remove(Constraint $constraint): void
    {
        $output = $constraint->output();
        $constraint->release();
        $constraint->unlink();
        $waiting = $this->retract($output);
        for ($strength = REQUIRED; $strength <= WEAKEST; $strength++) {
            foreach ($waiting as $other) {
                if ($other->strength === $strength) {
                    $this->add($other);
                }
            }
        }
    }

    // Recalculates what depends on a constraint; false if it depends on itself.
    public function propagate(Constraint $constraint, int $mark): bool
    {
        $todo = [$constraint];
        while (count($todo) > 0) {
            $next = array_pop($todo);
            $output = $next->output();
            if ($output->mark === $mark) {
                $this->remove($constraint);
                return false;
            }
            $next->recalculate();
            $this->addConsumers($output, $todo);
        }
        return true;
    }

    // Recalculates what depended on a variable; returns what no longer holds.
    private function retract(Variable $output): array
    {
        $output->determinedBy = null;
        $output->strength = WEAKEST;
        $output->stay = true;
        $waiting = [];
        $todo = [$output];
        while (count($todo) > 0) {
            $variable = array_pop($todo);
            foreach ($variable->constraints as $constraint) {
                if (!$constraint->satisfied()) {
                    $waiting[] = $constraint;
                }
            }
            $consumers = [];
            $this->addConsumers($variable, $consumers);
            foreach ($consumers as $constraint) {
                $constraint->recalculate();
                $todo[] = $constraint->output();
            }
        }
        return $waiting;
    }

    private function addConsumers(Variable $variable, array &$list): void
    {
        $determining = $variable->determinedBy;
        foreach ($variable->constraints as $constraint) {
            if ($constraint !== $determining) {
                if ($constraint->satisfied()) {
                    $list[] = $constraint;
                }
            }
        }
    }

    // The constraints to execute, in order, when the input of `source` changes.
    public function plan(Constraint $source): array
    {
        $mark = $this->newMark();
        $steps = [];
        $todo = [$source];
        while (count($todo) > 0) {
            $constraint = array_pop($todo);
            $output = $constraint->output();
            if ($output->mark !== $mark) {
                if ($constraint->inputsKnown($mark)) {
                    $steps[] = $constraint;
                    $output->mark = $mark;
                    $this->addConsumers($output, $todo);
                }
            }
        }
        return $steps;
    }
}

function edit(Planner $planner, Variable $variable, array $values, Closure $check): void
{
    $constraint = new EditConstraint($variable, PREFERRED, $planner);
    $steps = $planner->plan($constraint);
    foreach ($values as $value) {
        $variable->value = $value;
        foreach ($steps as $step) {
            $step->execute();
        }
        $check($value);
    }
    $planner->remove($constraint);
}

function expect(int $actual, int $expected): void
{
    if ($actual !== $expected) {
        throw new Exception("expected $expected, got $actual");
    }
}

function chain(int $length): int
{
    $planner = new Planner();
    $variables = [];
    for ($i = 0; $i <= $length; $i++) {
        $variables[] = new Variable(0);
    }
    for ($i = 0; $i < $length; $i++) {
        new EqualConstraint($variables[$i], $variables[$i + 1], REQUIRED, $planner);
    }
    $last = $variables[$length];
    new StayConstraint($last, STRONG_DEFAULT, $planner);
    $values = [];
    for ($value = 1; $value <= 100; $value++) {
        $values[] = $value;
    }
    edit($planner, $variables[0], $values, fn($value) => expect($last->value, $value));
    return $last->value;
}

function projection(int $length): int
{
    $planner = new Planner();
    $scale = new Variable(10);
    $offset = new Variable(1000);
    $sources = [];
    $targets = [];
    for ($i = 0; $i < $length; $i++) {
        $source = new Variable($i);
        $target = new Variable($i);
        $sources[] = $source;
        $targets[] = $target;
        new StayConstraint($source, NORMAL, $planner);
        new ScaleConstraint($source, $scale, $offset, $target, REQUIRED, $planner);
    }
    $source = $sources[$length - 1];
    $target = $targets[$length - 1];
    $values = [17, 18, 19, 20, 21];
    edit($planner, $source, $values, fn($value) => expect($target->value, $value * 10 + 1000));
    edit($planner, $target, [1050, 1060, 1070], fn($value) => expect($source->value, intdiv($value - 1000, 10)));
    edit($planner, $scale, $values, fn($value) => null);
    edit($planner, $offset, [2000, 3000, 4000], fn($value) => null);
    $sum = 0;
    foreach ($targets as $variable) {
        $sum += $variable->value;
    }
    return $sum;
}

echo chain((int) $argv[1]) + projection((int) $argv[1]), "\n";
