// What the pages of the monitoring draw; monitoring/dashboard.py and monitoring/alerts make these objects.

declare namespace Monitoring {
  type Plot = import("uplot").default;
  type Plugin = import("uplot").default.Plugin;

  interface Series {
    label: string;
    /** The name of a color of the theme. */
    tone: string;
    /** One value for each time. */
    v: (number | null)[];
  }

  interface Mark {
    /** Seconds since 1970. */
    at: number;
    label: string;
  }

  interface Chart {
    id: string;
    title: string;
    kind: "lines" | "area" | "bars" | "columns";
    unit: string;
    series: Series[];
    /** Seconds since 1970; unset where all charts of a page share them. */
    times?: number[];
    /** Shown instead of a chart without values. */
    empty: string;
  }

  interface AlertChart extends Chart {
    times: number[];
    marks: Mark[];
  }

  interface DrawOptions {
    height?: number;
    /** Whether the cursor does not move in the other charts of the page. */
    alone?: boolean;
    /** Values that must be in view. */
    thresholds?: number[];
    plugins?: Plugin[];
  }

  interface Tile {
    label: string;
    value: number | null;
    unit: string;
    note: string;
    tone: string;
  }

  interface Alert {
    id: number;
    rule: string;
    severity: number;
    where: string;
    firedMs: number;
    acknowledged: boolean;
  }

  interface Operation {
    name: string;
    requests: number;
    refused: number;
    failed: number;
    p50: number | null;
    p95: number | null;
    p99: number | null;
  }

  interface Dashboard {
    isEmpty: boolean;
    nowMs: number;
    stepMs: number;
    operation: string;
    operations: Operation[];
    tiles: Tile[];
    alerts: Alert[];
    charts: Chart[];
    times: number[];
  }

  interface Metric {
    aggregations: string[];
    dimensions: string[];
  }

  interface Firing {
    firedMs: number;
    resolvedMs: number | null;
    where: string;
    value: number | null;
  }

  /** What a rule would have found. */
  type Preview =
    | { problems: string[] }
    | {
        problems?: undefined;
        chart: Chart & { times: number[] };
        count: number;
        fired: Firing[];
        combinations: number;
        /** How many of the combinations were evaluated. */
        looked: number;
      };
}
