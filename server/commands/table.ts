/**
 * Every command that the server knows, and what it takes to be allowed to use it.
 *
 * @module
 */

import type { CommandName } from "../../protocol/messages.ts";
import { blocks } from "./blocks.ts";
import { checksum } from "./checksum.ts";
import { cp } from "./cp.ts";
import { df } from "./df.ts";
import { download } from "./download.ts";
import { downloadPack } from "./download_pack.ts";
import { folderDigests } from "./folder_digests.ts";
import type { Handler } from "./handler.ts";
import { ls } from "./ls.ts";
import { mkdir } from "./mkdir.ts";
import { mv } from "./mv.ts";
import { resume } from "./resume.ts";
import { rm } from "./rm.ts";
import { rmdir } from "./rmdir.ts";
import { size } from "./size.ts";
import { stat } from "./stat.ts";
import { touch } from "./touch.ts";
import { upload } from "./upload.ts";
import { uploadPack } from "./upload_pack.ts";

/** Whether a command changes what is served. */
export type Access = "read" | "write";

/** The handler of each command and the access that it needs. */
export const HANDLERS: { readonly [C in CommandName]: { access: Access; handle: Handler<C> } } = {
  stat: { access: "read", handle: stat },
  ls: { access: "read", handle: ls },
  size: { access: "read", handle: size },
  download: { access: "read", handle: download },
  upload: { access: "write", handle: upload },
  rm: { access: "write", handle: rm },
  mkdir: { access: "write", handle: mkdir },
  rmdir: { access: "write", handle: rmdir },
  mv: { access: "write", handle: mv },
  resume: { access: "write", handle: resume },
  blocks: { access: "read", handle: blocks },
  checksum: { access: "read", handle: checksum },
  cp: { access: "write", handle: cp },
  df: { access: "read", handle: df },
  upload_pack: { access: "write", handle: uploadPack },
  download_pack: { access: "read", handle: downloadPack },
  touch: { access: "write", handle: touch },
  folder_digests: { access: "read", handle: folderDigests },
};
