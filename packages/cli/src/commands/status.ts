/** `holdfast status`: who leads and how far everyone is, asked from each server. */

import { formatAddress, parseAddress } from "../address.ts";
import { EXIT_FAILED, lineOf, UsageError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import type { StatusPage } from "../kv-routes.ts";
import { printLine, table } from "../output.ts";

/** A server that says nothing for this long counts as unreachable. */
const ANSWER_TIMEOUT_MS = 2000;

const DEFAULT_ENDPOINTS = "127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003";

/** What one server said, or why it said nothing. */
export interface Answer {
  readonly endpoint: string;
  readonly status?: StatusPage;
  readonly error?: string;
}

export const status: Command = {
  name: "status",
  summary: "Show who leads and how far each node is; fails when nobody leads",
  flags: [
    {
      name: "endpoints",
      value: "HOST:PORT,...",
      help: "Client addresses (default: those of `holdfast cluster`)",
    },
    { name: "json", help: "Print JSON" },
  ],
  examples: ["holdfast status", "holdfast status --endpoints 127.0.0.1:7001 --json"],
  async run(settings) {
    const endpoints = (settings.get("endpoints") ?? DEFAULT_ENDPOINTS).split(",").map((text) => {
      const address = parseAddress(text.trim().replace(/^http:\/\//, ""));
      if (address === undefined) {
        throw new UsageError(`--endpoints must be host:port,host:port, got ${text}`);
      }
      return formatAddress(address);
    });
    const answers = await Promise.all(endpoints.map(ask));
    const leader = leaderOf(answers);
    if (settings.has("json")) {
      printLine(JSON.stringify({ leader: leader ?? null, endpoints: answers }, undefined, 2));
    } else {
      printLine(render(answers));
      if (leader === undefined) printLine("no leader");
    }
    return leader === undefined ? EXIT_FAILED : 0;
  },
};

async function ask(endpoint: string): Promise<Answer> {
  try {
    const response = await fetch(`http://${endpoint}/status`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if (!response.ok) return { endpoint, error: `HTTP status ${response.status}` };
    const page: unknown = await response.json();
    if (!isStatusPage(page)) return { endpoint, error: "not a holdfast server" };
    return { endpoint, status: page };
  } catch (error) {
    return { endpoint, error: reasonOf(error) };
  }
}

/** Enough to tell our servers from others; the rest is theirs to fill. */
function isStatusPage(page: unknown): page is StatusPage {
  if (typeof page !== "object" || page === null) return false;
  return ["id", "role", "term", "leader", "log"].every((name) => name in page);
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return `no answer in ${ANSWER_TIMEOUT_MS} ms`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return lineOf(error);
}

/** The leader that the server with the highest term knows of; undefined when it knows none. */
export function leaderOf(answers: readonly Answer[]): number | undefined {
  const term = Math.max(...answers.map((answer) => answer.status?.term ?? 0));
  const newest = answers.filter((answer) => answer.status?.term === term);
  const leader = newest.find((answer) => (answer.status?.leader ?? 0) !== 0);
  return leader?.status?.leader;
}

function render(answers: readonly Answer[]): string {
  const header = [
    "endpoint",
    "id",
    "role",
    "term",
    "leader",
    "commit",
    "applied",
    "log",
    "snapshot",
  ];
  return table(
    header,
    answers.map(({ endpoint, status: page, error }) => {
      if (page === undefined) return [endpoint, "-", error ?? "unreachable"];
      return [
        endpoint,
        String(page.id),
        page.state === "running" ? page.role : page.state,
        String(page.term),
        page.leader === 0 ? "-" : String(page.leader),
        String(page.commit),
        String(page.applied),
        page.log.last < page.log.first ? "empty" : `${page.log.first}..${page.log.last}`,
        page.snapshot === null ? "-" : `${page.snapshot.index} (${page.snapshot.bytes} bytes)`,
      ];
    }),
  );
}
