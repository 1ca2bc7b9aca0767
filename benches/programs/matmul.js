// Floats in nested arrays: multiplies two n by n matrices.
function matrix(size, scale) {
  const rows = [];
  for (let i = 0; i < size; i++) {
    const row = [];
    for (let j = 0; j < size; j++) row.push((i - j) * (i + j) * scale);
    rows.push(row);
  }
  return rows;
}

function transpose(m, size) {
  const rows = [];
  for (let i = 0; i < size; i++) {
    const row = [];
    for (const other of m) row.push(other[i]);
    rows.push(row);
  }
  return rows;
}

function dot(a, b, size) {
  let sum = 0.0;
  for (let k = 0; k < size; k++) sum += a[k] * b[k];
  return sum;
}

function multiply(a, b, size) {
  const columns = transpose(b, size);
  const rows = [];
  for (const left of a) {
    const row = [];
    for (const right of columns) row.push(dot(left, right, size));
    rows.push(row);
  }
  return rows;
}

function run(size) {
  const product = multiply(matrix(size, 0.0005), matrix(size, 0.00025), size);
  const middle = size >> 1;
  return Math.trunc(dot(product[middle], product[0], size));
}

console.log(run(Number(process.argv[2])));
