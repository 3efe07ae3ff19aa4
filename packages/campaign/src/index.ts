/** The public surface of campaigns. */

export { checkPump, hostPump } from "./host-pump.ts";
