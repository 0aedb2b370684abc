/* process.h: what concerns the process itself. */
#ifndef PUSHWATCH_PROCESS_H
#define PUSHWATCH_PROCESS_H

#include <stdint.h>

/* process_keep_standard_streams sees that what is opened later does not get the number of a closed
 * standard stream: a message would go into a report, or out of the interface as a packet. */
void process_keep_standard_streams(void);

/* process_peak_memory returns the most bytes that the process had at once; 0 if that is unknown. */
uint64_t process_peak_memory(void);

#endif
