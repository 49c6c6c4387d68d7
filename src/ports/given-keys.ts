// What Idempotency-Keys were given for, among all nodes, from the moment somebody asks with one:
// earlier than any record says so. Each call rejects with a PortError.

/** `key`: with whose it is, and for which call. `givenFor`: two of the same ask for the same. */
export type GivenKey = { key: string; givenFor: string }

export type GivenKeys = {
  /** False: it was given for something else. */
  take(given: GivenKey): Promise<boolean>
  /** One take has certainly come to nothing; once all have, the key is free. */
  giveBack(given: GivenKey): Promise<void>
}
