// The types of purify.js.
export { default } from "dompurify";
