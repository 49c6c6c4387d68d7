// Room for who works through more than fits in memory. Nothing of it outlives its process.

export type Scratch = {
  /** Resolves to where the bytes are; until then they must not change. */
  write(bytes: Uint8Array): Promise<number>
  read(position: number, length: number): Promise<Buffer>
  close(): Promise<void>
}
