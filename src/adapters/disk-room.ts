// What a disk says that has no room left: a shortage that passes, and no reason to end.

export function isNoRoom(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
}
