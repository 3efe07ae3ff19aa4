/** `npm start`: a cluster of three servers on this machine, from a checkout with nothing installed. */

import process from "node:process";
import { run } from "./bootstrap.mjs";

await run("start", process.argv.slice(2));
