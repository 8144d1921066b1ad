/** One sample of Prometheus' text format. */
export interface PrometheusSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const COMMENT =
  /^# (HELP [a-zA-Z_:][\w:]* .*|TYPE [a-zA-Z_:][\w:]* (counter|gauge|histogram|summary|untyped))$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]?Inf|[-+\d.eE]+)(?: \d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)",?/g;

/**
 * Reads Prometheus' text format.
 *
 * @throws Error with the first line that is neither comment nor sample, or a sample whose type nobody declared.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/, "Text format details".
 */
export function readPrometheusText(text: string): readonly PrometheusSample[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const lines = text.split("\n").filter((line) => line !== "");
  const declared = new Set<string>();
  const samples: PrometheusSample[] = [];
  for (const line of lines) {
    if (line.startsWith("#")) {
      if (!COMMENT.test(line)) throw new Error(`not a comment of the format: ${line}`);
      if (line.startsWith("# TYPE ")) declared.add(line.split(" ")[2] ?? "");
      continue;
    }
    const sample = readSample(line);
    const family = sample.name.replace(/_(bucket|sum|count)$/, "");
    if (!declared.has(sample.name) && !declared.has(family)) {
      throw new Error(`a sample without a type: ${line}`);
    }
    samples.push(sample);
  }
  return samples;
}

function readSample(line: string): PrometheusSample {
  const [, name, labels = "", value = ""] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample of the format: ${line}`);
  const pairs = [...labels.matchAll(LABEL)];
  if (pairs.map(([pair]) => pair).join("") !== labels) {
    throw new Error(`not labels of the format: ${line}`);
  }
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = "", text = ""]) => [label, text])),
    value: Number(value.replace("Inf", "Infinity")),
  };
}
