import { answerJobs } from '../decoding/thread.ts';
import { imageSize } from '../image/open-image.ts';

answerJobs(async (input) => ({ result: await imageSize(input), views: [] }));
