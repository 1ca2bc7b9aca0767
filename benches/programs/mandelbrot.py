# Floats in a loop: points of an n by n grid that stay in the Mandelbrot set.
import sys


def stays(cx, cy):
    x = 0.0
    y = 0.0
    i = 0
    while i < 50:
        xx = x * x
        yy = y * y
        if xx + yy > 4.0:
            return False
        y = 2.0 * x * y + cy
        x = xx - yy + cx
        i += 1
    return True


def run(size):
    inside = 0
    row = 0
    while row < size:
        cy = 2.0 * row / size - 1.0
        column = 0
        while column < size:
            if stays(2.0 * column / size - 1.5, cy):
                inside += 1
            column += 1
        row += 1
    return inside


print(run(int(sys.argv[1])))
