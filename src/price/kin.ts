/**
 * Endpoints that the client's types lack, with a typed one of the same model that takes the same parameters. Its defaults are
 * taken for theirs, and an estimate that rests on one says so.
 */
export const kin: Readonly<Record<string, string>> = {
  "fal-ai/ai-avatar": "fal-ai/ai-avatar/multi",
  "fal-ai/flux-2/klein/4b": "fal-ai/flux-2/klein/9b",
  "fal-ai/flux-lora/inpainting": "fal-ai/flux-krea-lora/inpainting",
  "fal-ai/flux-pro/v1/canny": "fal-ai/flux-control-lora-canny",
  "fal-ai/flux-pro/v1/depth": "fal-ai/flux-control-lora-depth",
  "fal-ai/flux-realism": "fal-ai/flux-lora",
  "fal-ai/flux/dev/redux": "fal-ai/flux-1/dev/redux",
  "fal-ai/hunyuan-video": "fal-ai/hunyuan-video-image-to-video",
  "fal-ai/kling-video/v2.1/pro/image-to-video": "fal-ai/kling-video/v2.1/standard/image-to-video",
  "fal-ai/ltxv-2/image-to-video": "fal-ai/ltx-2/image-to-video",
  "fal-ai/ltxv-2/image-to-video/fast": "fal-ai/ltx-2/image-to-video/fast",
  "fal-ai/ltxv-2/text-to-video": "fal-ai/ltx-2/text-to-video",
  "fal-ai/ltxv-2/text-to-video/fast": "fal-ai/ltx-2/text-to-video/fast",
  "fal-ai/luma-dream-machine/ray-2/modify": "fal-ai/luma-dream-machine/ray-2-flash/modify",
  "fal-ai/minimax/preview/speech-2.5-hd": "fal-ai/minimax/preview/speech-2.5-turbo",
  "fal-ai/mmaudio-v2": "fal-ai/mmaudio-v2/text-to-audio",
  "fal-ai/pixverse/v3.5/effects": "fal-ai/pixverse/v4/effects",
  "fal-ai/pixverse/v3.5/image-to-video/fast": "fal-ai/pixverse/v4/image-to-video/fast",
  "fal-ai/pixverse/v3.5/transition": "fal-ai/pixverse/v4.5/transition",
  "fal-ai/recraft-v3": "fal-ai/recraft/v3/text-to-image",
  "fal-ai/recraft-v3/create-style": "fal-ai/recraft/v3/create-style",
  "fal-ai/speech-to-text/stream": "fal-ai/speech-to-text",
  "fal-ai/speech-to-text/turbo/stream": "fal-ai/speech-to-text/turbo",
  "fal-ai/wan/v2.2-a14b/image-to-video": "fal-ai/wan/v2.2-a14b/text-to-video",
};
