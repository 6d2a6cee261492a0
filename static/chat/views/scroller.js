// A scrolling list that keeps its position: at the end while the reader is there, otherwise at the row
// at the top of the view, whatever is inserted above it.
import { Component, createRef, html } from "../../vendor/preact.js";

// In pixels: closer than this counts as at the end, or loads older messages.
const NEAR_END_PX = 80;
const NEAR_TOP_PX = 800;

/**
 * @typedef {object} Props
 * @property {Chat.Ref<Scroller>} handle set to this component
 * @property {string} label
 * @property {boolean} busy
 * @property {() => void} [onTop] called near the top
 * @property {(isAtEnd: boolean) => void} [onEnd] called when the end is reached or left
 * @property {Chat.Children} [children] the rows, each with a data-key
 */

/** @extends {Component<Props>} */
export class Scroller extends Component {
  /** @type {Chat.Ref<HTMLElement>} */
  #box = createRef();
  #observer = new ResizeObserver(() => this.settle());

  /** @param {Props} props */
  constructor(props) {
    super(props);
    this.isAtEnd = true;
    this.onScroll = this.onScroll.bind(this);
    this.onKeyDown = this.onKeyDown.bind(this);
  }

  // Mounted whenever something else is called.
  get box() {
    return /** @type {HTMLElement} */ (this.#box.current);
  }

  get list() {
    return /** @type {HTMLElement} */ (this.box.firstElementChild);
  }

  componentDidMount() {
    this.props.handle.current = this;
    this.#observer.observe(this.box);
    this.#observer.observe(this.list);
    this.settle();
    this.notice();
  }

  componentWillUnmount() {
    this.#observer.disconnect();
  }

  getSnapshotBeforeUpdate() {
    // Rows with data-moves, such as the first day, stay above older messages that are inserted.
    /** @type {HTMLElement | null} */
    let first = this.firstVisible();
    while (first?.dataset.moves !== undefined) {
      first = /** @type {HTMLElement | null} */ (first.nextElementSibling);
    }
    return first && { key: first.dataset.key ?? "", top: first.offsetTop - this.box.scrollTop };
  }

  /**
   * @param {Props} _before
   * @param {unknown} _state
   * @param {{ key: string, top: number } | null} anchor
   */
  componentDidUpdate(_before, _state, anchor) {
    if (this.isAtEnd) {
      this.settle();
    } else if (anchor) {
      const element = this.find(anchor.key);
      if (element) this.box.scrollTop = element.offsetTop - anchor.top;
    }
    this.notice();
  }

  // The first row that is in view, by binary search.
  /** @returns {HTMLElement | null} */
  firstVisible() {
    const children = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.list.children);
    const top = this.box.scrollTop;
    let low = 0;
    let high = children.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (children[middle].offsetTop + children[middle].offsetHeight > top) high = middle;
      else low = middle + 1;
    }
    return children[low] ?? null;
  }

  /**
   * @param {string} key
   * @returns {HTMLElement | null}
   */
  find(key) {
    return this.list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`);
  }

  settle() {
    if (this.isAtEnd) this.toEnd();
  }

  /** @param {{ smoothly?: boolean }} options */
  toEnd({ smoothly = false } = {}) {
    const box = this.box;
    const isReduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollTo({ top: box.scrollHeight, behavior: smoothly && !isReduced ? "smooth" : "instant" });
    this.isAtEnd = true;
    this.props.onEnd?.(true);
  }

  /**
   * Scrolls a row to a third from the top; false if there is none with this key.
   * @param {string} key
   */
  show(key) {
    const element = this.find(key);
    if (!element) return false;
    const box = this.box;
    box.scrollTop = element.offsetTop - box.clientHeight / 3;
    this.onScroll();
    return true;
  }

  onScroll() {
    const box = this.box;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
    if (isAtEnd !== this.isAtEnd) {
      this.isAtEnd = isAtEnd;
      this.props.onEnd?.(isAtEnd);
    }
    this.notice();
  }

  notice() {
    if (this.box.scrollTop < NEAR_TOP_PX) this.props.onTop?.();
  }

  /**
   * Arrow keys move the focus from message to message; Tab focuses only the list.
   * @param {KeyboardEvent} event
   */
  onKeyDown(event) {
    /** @type {Record<string, number>} */
    const steps = { ArrowUp: -1, ArrowDown: 1 };
    const step = steps[event.key];
    const target = /** @type {Element} */ (event.target);
    if (!step || target.closest("button, a")) return;
    const rows = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll(":scope > [tabindex]")]);
    const here = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement?.closest("[data-key]")));
    const next = here < 0 ? rows.at(-1) : rows[here + step];
    if (!next) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  /** @param {Props} props */
  render({ label, busy, children }) {
    return html`<div class="timeline" ref=${this.#box} onScroll=${this.onScroll}>
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
