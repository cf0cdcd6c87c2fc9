// A grid of cells to paint on: a drag paints, one that starts on paint erases.
// `props.value.cells` is a "0" or "1" for each cell, in raster order.
const SIDE = 32, BRUSH = 1;
let cells = new Uint8Array(SIDE * SIDE), ink = null;

const canvas = () => element.querySelector("canvas");

function draw() {
  const context = canvas().getContext("2d");
  context.clearRect(0, 0, SIDE, SIDE);
  context.fillStyle = "#ff0090b0";
  cells.forEach((cell, i) => cell && context.fillRect(i % SIDE, (i / SIDE) | 0, 1, 1));
}

function place(event) {
  const box = canvas().getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * SIDE);
  const y = Math.floor(((event.clientY - box.top) / box.height) * SIDE);
  return [x, y];
}

function stroke(event) {
  const [x, y] = place(event);
  for (let row = y - BRUSH; row <= y + BRUSH; row++)
    for (let column = x - BRUSH; column <= x + BRUSH; column++)
      if (0 <= row && row < SIDE && 0 <= column && column < SIDE)
        cells[row * SIDE + column] = ink;
  draw();
}

function hand_over() {
  props.value = { ...props.value, cells: cells.join("") };
}

element.addEventListener("pointerdown", (event) => {
  if (event.target !== canvas()) return;
  event.preventDefault();
  const [x, y] = place(event);
  ink = 1 - cells[y * SIDE + x];
  stroke(event);
});
element.addEventListener("pointermove", (event) => ink !== null && stroke(event));
window.addEventListener("pointerup", () => {
  if (ink === null) return;
  ink = null;
  hand_over();
});
element.addEventListener("click", (event) => {
  if (!event.target.matches(".painter-clear")) return;
  cells.fill(0);
  draw();
  hand_over();
});
watch("value", () => {
  cells = Uint8Array.from(props.value.cells);
  draw();
});
