// A scrolling list that keeps its place: at its end while somebody is there, else on whatever is
// at its top, whatever comes above it.
import { Component, createRef, html } from "../../vendor/preact.js";

// So near to the end counts as there, in pixels.
const NEAR_END = 80;
const NEAR_TOP = 800;

export class Scroller extends Component {
  constructor(properties) {
    super(properties);
    this.box = createRef();
    this.isAtEnd = true;
    this.onScroll = this.onScroll.bind(this);
    this.onKeyDown = this.onKeyDown.bind(this);
  }

  get list() {
    return this.box.current.firstElementChild;
  }

  componentDidMount() {
    // Whoever draws the list may tell it where to go.
    this.props.handle.current = this;
    this.observer = new ResizeObserver(() => this.settle());
    this.observer.observe(this.box.current);
    this.observer.observe(this.list);
    this.settle();
    this.notice();
  }

  componentWillUnmount() {
    this.observer.disconnect();
  }

  getSnapshotBeforeUpdate() {
    // Not the name of a day, nor the line above everything: older messages come in below them.
    let first = this.firstVisible();
    while (first?.dataset.moves !== undefined) first = first.nextElementSibling;
    return first && { key: first.dataset.key, top: first.offsetTop - this.box.current.scrollTop };
  }

  componentDidUpdate(before, state, anchor) {
    if (this.isAtEnd) {
      this.settle();
    } else if (anchor) {
      const element = this.find(anchor.key);
      if (element) this.box.current.scrollTop = element.offsetTop - anchor.top;
    }
    this.notice();
  }

  // The first row that reaches into view, by halving.
  firstVisible() {
    const { children } = this.list;
    const top = this.box.current.scrollTop;
    let low = 0;
    let high = children.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (children[middle].offsetTop + children[middle].offsetHeight > top) high = middle;
      else low = middle + 1;
    }
    return children[low] ?? null;
  }

  find(key) {
    return this.list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`);
  }

  settle() {
    if (this.isAtEnd) this.toEnd();
  }

  toEnd({ smoothly = false } = {}) {
    const box = this.box.current;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollTo({ top: box.scrollHeight, behavior: smoothly && !calm ? "smooth" : "instant" });
    this.isAtEnd = true;
    this.props.onEnd?.(true);
  }

  // Shows the row a third from the top.
  show(key) {
    const element = this.find(key);
    if (!element) return false;
    const box = this.box.current;
    box.scrollTop = element.offsetTop - box.clientHeight / 3;
    this.onScroll();
    return true;
  }

  onScroll() {
    const box = this.box.current;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
    if (isAtEnd !== this.isAtEnd) {
      this.isAtEnd = isAtEnd;
      this.props.onEnd?.(isAtEnd);
    }
    this.notice();
  }

  notice() {
    if (this.box.current.scrollTop < NEAR_TOP) this.props.onTop?.();
  }

  // Arrows walk from message to message; the list itself takes the focus as one stop.
  onKeyDown(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.target.closest("button, a")) return;
    const rows = [...this.list.querySelectorAll(":scope > [tabindex]")];
    const here = rows.indexOf(document.activeElement?.closest("[data-key]"));
    const next = here < 0 ? rows.at(-1) : rows[here + step];
    if (!next) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  render({ label, busy, children }) {
    return html`<div class="timeline" ref=${this.box} onScroll=${this.onScroll}>
      <div
        class="timeline-list"
        role="log"
        aria-label=${label}
        aria-live="polite"
        aria-busy=${String(busy)}
        tabindex="0"
        onKeyDown=${this.onKeyDown}
      >
        ${children}
      </div>
    </div>`;
  }
}
