// What a broker's answer to an append means for its records. Only what a broker refuses before it
// writes is certainly not stored: a leader that loses its office while it waits for the others
// answers NOT_LEADER too, although the records may live on with its successor.

export type ProduceFate =
  | 'stored'
  | 'not stored'
  | 'in doubt'
  | 'in the log, place unknown'
  | 'refused for good'
  | 'wrong number'
  | 'unknown producer'

/** By Kafka's error code. */
export function produceFate(code: number): ProduceFate {
  return fates.get(code) ?? 'in doubt'
}

const fates = new Map<number, ProduceFate>([
  [0, 'stored'],
  [19, 'not stored'], // NOT_ENOUGH_REPLICAS: before writing; afterwards it is another code
  [89, 'not stored'], // THROTTLING_QUOTA_EXCEEDED
  [46, 'in the log, place unknown'], // DUPLICATE_SEQUENCE_NUMBER
  [45, 'wrong number'], // OUT_OF_ORDER_SEQUENCE_NUMBER
  [47, 'unknown producer'], // INVALID_PRODUCER_EPOCH
  [49, 'unknown producer'], // INVALID_PRODUCER_ID_MAPPING
  [59, 'wrong number'], // UNKNOWN_PRODUCER_ID
  [2, 'refused for good'], // CORRUPT_MESSAGE
  [10, 'refused for good'], // MESSAGE_TOO_LARGE
  [17, 'refused for good'], // INVALID_TOPIC_EXCEPTION
  [18, 'refused for good'], // RECORD_LIST_TOO_LARGE
  [21, 'refused for good'], // INVALID_REQUIRED_ACKS
  [29, 'refused for good'], // TOPIC_AUTHORIZATION_FAILED
  [31, 'refused for good'], // CLUSTER_AUTHORIZATION_FAILED
  [32, 'refused for good'], // INVALID_TIMESTAMP
  [35, 'refused for good'], // UNSUPPORTED_VERSION
  [43, 'refused for good'], // UNSUPPORTED_FOR_MESSAGE_FORMAT
  [44, 'refused for good'], // POLICY_VIOLATION
  [76, 'refused for good'], // UNSUPPORTED_COMPRESSION_TYPE
  [87, 'refused for good'], // INVALID_RECORD
])
