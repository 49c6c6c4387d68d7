// What is refused only for now, and carried out when it is asked again.

/** 408: it came just when the service ended a connection that had brought nothing for a while. */
export function isForNow(status: number): boolean {
  return status >= 500 || status === 429 || status === 408
}
