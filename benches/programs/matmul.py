# Floats in nested arrays: multiplies two n by n matrices.
import sys


def matrix(size, scale):
    return [
        [(i - j) * (i + j) * scale for j in range(size)]
        for i in range(size)
    ]


def transpose(m, size):
    return [[other[i] for other in m] for i in range(size)]


def dot(a, b, size):
    total = 0.0
    k = 0
    while k < size:
        total += a[k] * b[k]
        k += 1
    return total


def multiply(a, b, size):
    columns = transpose(b, size)
    return [[dot(left, right, size) for right in columns] for left in a]


def run(size):
    product = multiply(matrix(size, 0.0005), matrix(size, 0.00025), size)
    middle = size >> 1
    return int(dot(product[middle], product[0], size))


print(run(int(sys.argv[1])))
