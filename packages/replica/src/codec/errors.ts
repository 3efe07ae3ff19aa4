/** What a decoder says about bytes that are not a packet of this version. */

/**
 * The bytes are not what their place calls for: cut short, out of range, of an unknown kind or
 * version, or followed by something. Nothing of them may be used; the caller drops the packet, and
 * if it came over a connection that should carry only whole packets, the connection too.
 */
export class CodecError extends Error {
  readonly code = "WIRE_MALFORMED";

  /** `message` is constant text: hostile bytes must not cost more than honest ones. */
  constructor(message: string) {
    super(message);
    this.name = "CodecError";
  }
}
