/** `npm test`: all tests, from a checkout with nothing installed. */

import process from "node:process";
import { run } from "./bootstrap.mjs";

await run("test", process.argv.slice(2));
