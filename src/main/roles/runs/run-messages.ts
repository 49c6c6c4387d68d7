// What a role and the process of a run say to each other.

import type { Settings } from '../../../config/settings.ts'
import type { Run, RunProgress, RunResult } from '../../../ports/console-runs.ts'

export type RunAsked = Pick<Run, 'runId' | 'kind' | 'sizes'> & { url: string; settings: Settings }
export type RunTold = { progress: RunProgress } | { result: RunResult }
