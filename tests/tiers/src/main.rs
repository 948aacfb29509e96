//! [`tiers::check`] as a program for Linux on aarch64 that needs no C library: its exit code is the
//! number of kernels.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let code = tiers::check(3000);
    // SAFETY: exit_group, which does not return.
    unsafe { core::arch::asm!("svc 0", in("x8") 94, in("x0") u64::from(code), options(noreturn)) }
}

#[cfg(not(target_os = "none"))]
fn main() {
    assert!(tiers::check(3000) > 1);
}
