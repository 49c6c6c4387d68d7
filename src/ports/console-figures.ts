// What the console shows beside this node's own figures: those of the other nodes, and of the rows.

/** What a node has counted since it began. */
export type NodeReport = {
  /** Claims it has answered, by outcome. */
  claims: Readonly<Record<string, number>>
  /** Claims by how long their answer took: [bucket, count], only where there are any. */
  latency: readonly (readonly [bucket: number, count: number])[]
  /** Calls answered 429, and 503. */
  tooMany: number
  unavailable: number
  /** Of claims whose arrival was compared, and those in the other order; absent: an older node. */
  arrivals?: { pairs: number; inversions: number } | undefined
  /** By coupon; absent: an older node. */
  told?: Readonly<Record<string, ToldHashes>> | undefined
  isReady: boolean
}
/**
 * Who was told sold out while the coupon had this quantity: the smallest hashes of their ids, each
 * of 6 bytes, in base64.
 */
export type ToldHashes = { quantity: number; hashes: string }
export type OtherNode = {
  node: string
  /** ms, by the clock of whoever keeps the reports. */
  startedAgo: number
  reportedAgo: number
  /** null: of a version that writes others. */
  report: NodeReport | null
}
/** Where the API nodes leave their reports. Each call rejects with a PortError. */
export type NodeBoard = {
  exchange(node: string, report: NodeReport): Promise<OtherNode[]>
  leave(node: string): Promise<void>
}
export type ConsoleReader = {
  /** By partition of the claims log: the first offset whose rows are not written. */
  rowsUpTo(): Promise<ReadonlyMap<number, number>>
  /** At most `lettersCountedMax`. */
  lettersWaiting(): Promise<number>
}
/** More need no exact number. */
export const lettersCountedMax = 10_000
/** So long after its last report a node is remembered as one that is gone. */
export const nodeRememberedMs = 600_000
