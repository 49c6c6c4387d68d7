// Every wait, queue and size of the Kafka log, with its reason.

export const defaultKafkaLimits = {
  /** A broker of the same site answers within milliseconds; one that is stopped never does. */
  connectMsMax: 2_000,
  /** After this an unanswered request is sent again, which stores nothing twice. */
  requestMsMax: 2_000,
  /**
   * As long as this where the one before was not answered in time: else a broker that is slower
   * than that would never be heard, and nothing be read or known to be stored.
   */
  slowRequestMsMax: 5_000,
  /** How long the outcome of an append is sought before it is called unknown. */
  appendMsMax: 5_000,
  /** How long an append that certainly stored nothing is tried: the time of a leader's change. */
  refusedAppendMsMax: 1_500,
  /** Between two tries: short beside an outage, long beside a request. */
  retryMs: 100,
  /** Under way and waiting, of one partition: under a second. Beyond it the log is full. */
  recordsWaitingMax: 100_000,
  /** Of one batch; brokers refuse more than 1 MiB (max.message.bytes). */
  batchBytesMax: 900_000,
  /** A broker answers a fetch after this even where nothing is new: how old `lastReadAt` gets. */
  fetchMsMax: 250,
  /** One answer to a fetch: some ten thousand claims; what a reader holds in memory at once. */
  fetchBytesMax: 8 * 1024 * 1024,
  /** What fails for longer is reported; a change of leaders is not, nor a group's first moments. */
  outageMsMin: 1_000,
  /** For the answer to the questions asked at start, and to where a topic ends. */
  questionMsMax: 10_000,
  /** A killed member's partitions move after this. Brokers allow no less by default. */
  sessionMs: 6_000,
  /** How soon a member learns that the partitions are shared out anew. */
  heartbeatMs: 300,
  /** Where nothing was committed for a while: a third of a session. Nobody waits for a share. */
  restingHeartbeatMs: 2_000,
  /** Without a commit or a new share. */
  restsAfterMs: 10_000,
  /** What lag tools see is at most this old. */
  commitMs: 1_000,
}
export type KafkaLimits = typeof defaultKafkaLimits
