// The types of uPlot.js.
export { default } from "uplot";
