/** What a renderer is told when it starts. */

import * as z from 'zod';

/** What a renderer is started with, as JSON in its only argument. */
export const rendererOptions = z.strictObject({
  dataFolder: z.string(),
  templateFolders: z.array(z.string()),
  ffmpegPath: z.string().optional(),
  /** Bytes of the phrase cache on the disk, shared by all renderers. */
  maxPhrases: z.number().min(0),
  heartbeatMs: z.number().positive(),
  /** Milliseconds without progress after which ffmpeg is killed. */
  stallMs: z.number().positive(),
});
export type RendererOptions = z.infer<typeof rendererOptions>;

/** Names the bucket for finished files (media/bucket/address.ts), which may hold secrets and so is no argument; left out, they stay in the data folder. */
export const STORAGE_VARIABLE = 'STORYFARM_STORAGE';
