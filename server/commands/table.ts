/**
 * Every command that the server knows.
 *
 * @module
 */

import type { CommandName } from "../../protocol/messages.ts";
import { blocks } from "./blocks.ts";
import { checksum } from "./checksum.ts";
import { cp } from "./cp.ts";
import { cpPack } from "./cp_pack.ts";
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

/** The handler of each command. */
export const HANDLERS: { readonly [C in CommandName]: Handler<C> } = {
  stat,
  ls,
  size,
  download,
  upload,
  rm,
  mkdir,
  rmdir,
  mv,
  resume,
  blocks,
  checksum,
  cp,
  df,
  upload_pack: uploadPack,
  download_pack: downloadPack,
  touch,
  folder_digests: folderDigests,
  cp_pack: cpPack,
};
