// Floats in a loop: points of an n by n grid that stay in the Mandelbrot set.
function stays(cx, cy) {
  let x = 0.0;
  let y = 0.0;
  for (let i = 0; i < 50; i++) {
    const xx = x * x;
    const yy = y * y;
    if (xx + yy > 4.0) return false;
    y = 2.0 * x * y + cy;
    x = xx - yy + cx;
  }
  return true;
}

function run(size) {
  let inside = 0;
  for (let row = 0; row < size; row++) {
    const cy = (2.0 * row) / size - 1.0;
    for (let column = 0; column < size; column++) {
      if (stays((2.0 * column) / size - 1.5, cy)) inside += 1;
    }
  }
  return inside;
}

console.log(run(Number(process.argv[2])));
