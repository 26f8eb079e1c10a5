#pragma once

// What Clang checks with -Wthread-safety: which mutex guards what, and what a function wants to be locked
// (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html, whose names these are). Other compilers see nothing.
// Only base/mutex.h's types are known to the analysis; the standard library's are not annotated.
#if defined(__clang__)
#define CONNECTORD_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define CONNECTORD_THREAD_ATTRIBUTE(x)
#endif

// A class that is a lock, and one whose objects hold a lock while they live.
#define CAPABILITY(name) CONNECTORD_THREAD_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY CONNECTORD_THREAD_ATTRIBUTE(scoped_lockable)
// A member that is touched only while the mutex is held.
#define GUARDED_BY(mutex) CONNECTORD_THREAD_ATTRIBUTE(guarded_by(mutex))
// A function whose caller holds the mutex, and one whose caller must not hold it.
#define REQUIRES(...) CONNECTORD_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) CONNECTORD_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
// A function that locks, unlocks, or is called only where it is locked.
#define ACQUIRE(...) CONNECTORD_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) CONNECTORD_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define ASSERT_CAPABILITY(mutex) CONNECTORD_THREAD_ATTRIBUTE(assert_capability(mutex))
// A function that the analysis cannot follow; a comment there says why.
#define NO_THREAD_SAFETY_ANALYSIS CONNECTORD_THREAD_ATTRIBUTE(no_thread_safety_analysis)
