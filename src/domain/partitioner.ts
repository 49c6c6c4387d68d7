// Which partition a key belongs to: Kafka's own default (murmur2 of the key's UTF-8 bytes), so
// that clients in any language agree. Reference: org.apache.kafka.common.utils.Utils.murmur2.

/** A partition in 0 … partitions − 1. */
export function partitionFor(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fff_ffff) % partitions
}

export function murmur2(data: Uint8Array): number {
  const multiplier = 0x5bd1e995
  const length = data.length
  const view = new DataView(data.buffer, data.byteOffset, length)
  const whole = length - (length % 4)
  let hash = 0x9747b28c ^ length
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), multiplier)
    word = Math.imul(word ^ (word >>> 24), multiplier)
    hash = Math.imul(hash, multiplier) ^ word
  }
  const rest = length % 4
  if (rest >= 3) hash ^= view.getUint8(whole + 2) << 16
  if (rest >= 2) hash ^= view.getUint8(whole + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ view.getUint8(whole), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}
