// Every wait, queue and size of the Kafka log, with its reason.

export type KafkaLimits = {
  /** A broker of the same site answers within milliseconds; one that is stopped never does. */
  connectMsMax: number
  /** After this an unanswered request is sent again, which stores nothing twice. */
  requestMsMax: number
  /** How long the outcome of an append is sought before it is called unknown. */
  appendMsMax: number
  /** How long an append that certainly stored nothing is tried: the time of a leader's change. */
  refusedAppendMsMax: number
  /** Between two tries: short beside an outage, long beside a request. */
  retryMs: number
  /** Under way and waiting: under a second of work. Beyond it the log says that it is full. */
  recordsWaitingMax: number
  /** Of one batch; brokers refuse more than 1 MiB (max.message.bytes). */
  batchBytesMax: number
  /** A broker answers a fetch after this even where nothing is new: how old `lastReadAt` gets. */
  fetchMsMax: number
  /** One answer to a fetch: some ten thousand claims; what a reader holds in memory at once. */
  fetchBytesMax: number
  /** What fails for longer is reported; a change of leaders is not, nor a group's first moments. */
  outageMsMin: number
  /** For the answer to the questions asked at start, and to where a topic ends. */
  questionMsMax: number
  /** A killed member's partitions move after this. Brokers allow no less by default. */
  sessionMs: number
  /** How soon a member learns that the partitions are shared out anew. */
  heartbeatMs: number
  /** What lag tools see is at most this old. */
  commitMs: number
}

export const defaultKafkaLimits: KafkaLimits = {
  connectMsMax: 2_000,
  requestMsMax: 2_000,
  appendMsMax: 5_000,
  refusedAppendMsMax: 1_500,
  retryMs: 100,
  recordsWaitingMax: 100_000,
  batchBytesMax: 900_000,
  fetchMsMax: 250,
  fetchBytesMax: 8 * 1024 * 1024,
  outageMsMin: 1_000,
  questionMsMax: 10_000,
  sessionMs: 6_000,
  heartbeatMs: 300,
  commitMs: 1_000,
}
