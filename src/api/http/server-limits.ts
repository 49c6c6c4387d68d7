// Every bound of the HTTP server, with its reason. Tests pass shorter ones.

export type ServerLimits = { readonly [Name in keyof typeof serverLimits]: number }

export const serverLimits = {
  /** The largest sane body, a coupon with a name of 200 escaped characters, is below 3 KiB. */
  bodyBytesMax: 4096,
  /** The largest order, of 50 lines with the longest ids, is below 8 KiB as people indent it. */
  orderBodyBytesMax: 16_384,
  /** A token of a few claims is below 1 KiB; longer headers are somebody else's cookies. */
  headerBytesMax: 8192,
  /** Longer than any id, so that a wrong one is told apart by name rather than by length. */
  pathPartCharactersMax: 1024,
  /** A stampede of twenty thousand, each with one to spare; about 20 KB of memory a piece. */
  connectionsMax: 40_000,
  /** Descriptors that are not for connections: logs, rows and servers took 171 when measured. */
  filesReserved: 256,
  /** The same where the system allows few: what is left is for connections. */
  filesReservedPart: 0.85,
  /** With fewer a probe and a scraper could keep everybody out. */
  connectionsMin: 32,
  /** How often refused connections are told in the log. */
  refusedConnectionsToldMs: 60_000,
  /** Connections that the system may hold until they are accepted: the first instant of a storm. */
  acceptQueueMax: 4096,
  /** A client on a poor line sends its headers well within this; a slow attacker does not. */
  headersWaitMsMax: 10_000,
  /** Headers and body together. */
  requestWaitMsMax: 15_000,
  /** How often the two limits above are looked at. */
  waitCheckMs: 1_000,
  /** A setting. Longer than usual load balancers keep theirs (60 s), so that they close first. */
  keepAliveMsMax: 75_000,
  /** A socket on which nothing moved for so long, a request in work included, is dead. */
  silenceMsMax: 120_000,
  /** How long a call may wait for SQL. Claims have a deadline of their own. */
  storeWaitMsMax: 30_000,
  /** How long an answer to what is done already may wait for SQL. */
  readBackWaitMsMax: 5_000,
  /** After this, a stop closes what is still open. */
  closeWaitMsMax: 10_000,
  /** A connection opened just before a stop may still have a first request under way. */
  firstRequestWaitMs: 50,
  /**
   * Users, and addresses, that a rate limit remembers at least, the latest ones. Whoever asks 20
   * times a second stays among them unless 400,000 others a second do too. About 4 MB each at most.
   */
  rateKeysMax: 20_000,
} as const

type LimitSettings = { keepAliveSeconds?: number; limits?: Partial<ServerLimits> }

export function limitsOf({ keepAliveSeconds, limits }: LimitSettings): ServerLimits {
  const set = keepAliveSeconds === undefined ? {} : { keepAliveMsMax: keepAliveSeconds * 1000 }
  return { ...serverLimits, ...set, ...limits }
}
