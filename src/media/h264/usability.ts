/**
 * Reads video usability information (ITU-T H.264, annex E.1.1, E.1.2), the end of a sequence parameter set: timing, colour, and how many frames a decoder holds.
 *
 * What it does not do: it keeps no hypothetical reference decoder parameters, only walks over them.
 */

import type { BitReader } from './bits.js';
import { unspliceable } from './bits.js';

export interface Usability {
  readonly fullRange: boolean;
  /** colour_primaries, transfer_characteristics, matrix_coefficients (tables E-3 to E-5). */
  readonly colour: readonly [number, number, number] | undefined;
  /** Seconds per field: ticks / scale; a frame lasts twice as long. */
  readonly timing: { readonly ticks: number; readonly scale: number; readonly fixed: boolean } | undefined;
  /** max_num_reorder_frames and max_dec_frame_buffering. */
  readonly reorderFrames: number | undefined;
  readonly bufferedFrames: number | undefined;
}

/** Reads vui_parameters(). Throws when it ends too early. */
export function readUsability(bits: BitReader): Usability {
  const extendedAspect = 255;
  if (bits.flag() && bits.u(8) === extendedAspect) bits.u(32);
  if (bits.flag()) bits.flag(); // overscan
  let fullRange = false;
  let colour: Usability['colour'];
  if (bits.flag()) {
    bits.u(3); // video_format
    fullRange = bits.flag();
    if (bits.flag()) colour = [bits.u(8), bits.u(8), bits.u(8)];
  }
  if (bits.flag()) {
    bits.ue(); // chroma_sample_loc_type, top and bottom field
    bits.ue();
  }
  const timing = bits.flag() ? { ticks: bits.u(32), scale: bits.u(32), fixed: bits.flag() } : undefined;
  const nal = bits.flag();
  if (nal) skipReferenceDecoder(bits);
  const vcl = bits.flag();
  if (vcl) skipReferenceDecoder(bits);
  if (nal || vcl) bits.flag(); // low_delay_hrd_flag
  bits.flag(); // pic_struct_present_flag
  const restricted = bits.flag();
  if (!restricted) return { fullRange, colour, timing, reorderFrames: undefined, bufferedFrames: undefined };
  bits.flag(); // motion_vectors_over_pic_boundaries_flag
  for (let field = 0; field < 4; field++) bits.ue(); // sizes: bytes, bits, motion vectors both ways
  return { fullRange, colour, timing, reorderFrames: bits.ue(), bufferedFrames: bits.ue() };
}

/** hrd_parameters() (E.1.2). */
function skipReferenceDecoder(bits: BitReader): void {
  const count = bits.ue() + 1;
  if (count > 32) throw unspliceable(`${count} reference decoder buffers`);
  bits.u(8);
  for (let buffer = 0; buffer < count; buffer++) {
    bits.ue();
    bits.ue();
    bits.flag();
  }
  bits.u(20);
}
