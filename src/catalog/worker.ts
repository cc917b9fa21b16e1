import { answerJobs } from '../decoding/thread.ts';
import { indexTask, type IndexTask } from './index-task.ts';

answerJobs((input, task, admit) => indexTask(input, task as IndexTask, admit));
